using RevUp.Backends.Cpu;
using RevUp.Cli;
using RevUp.Data;
using RevUp.Models;
using RevUp.Recipes;
using RevUp.Reversible;
using RevUp.Tests.Support;
using RevUp.Training;

namespace RevUp.Tests.Cli;

/// <summary>Every recipe that the tool carries works and says where it comes from.</summary>
[TestClass]
public sealed class RecipeCatalogTests
{
    public static IEnumerable<object[]> Names => RecipeCatalog.Names.Select(name => new object[] { name });

    [TestMethod]
    public void ThereAreTheExpectedOnes() => CollectionAssert.AreEqual(
        new[]
        {
            "cifar-fast", "cifar-fixup-110", "cifar-fixup-110-cutmix", "cifar-fixup-110-cutout", "cifar-fixup-110-mixup", "cifar-fixup-164",
            "cifar-fixup-38", "cifar-iresnet-109", "cifar-iresnet-109-cutmix", "cifar-iresnet-109-cutout", "cifar-iresnet-109-mixup",
            "cifar-iresnet-163", "cifar-iresnet-37", "cifar-resnet-110", "cifar-resnet-110-cutmix", "cifar-resnet-110-cutout",
            "cifar-resnet-110-mixup", "cifar-resnet-164", "cifar-resnet-38", "cifar-revnet-110", "cifar-revnet-110-cutmix", "cifar-revnet-110-cutout",
            "cifar-revnet-110-mixup", "cifar-revnet-164", "cifar-revnet-38", "cifar-revup-110", "cifar-revup-110-cutmix", "cifar-revup-110-cutout",
            "cifar-revup-110-mixup", "cifar-revup-164", "cifar-revup-38", "fashion-mnist", "fashion-mnist-short", "imagenet-revup-101",
            "imagenet-revup-50", "small-fixup", "small-iresnet", "small-resnet", "small-revnet", "small-revup", "volume-64",
        },
        RecipeCatalog.Names.ToArray());

    [TestMethod]
    [DynamicData(nameof(Names))]
    public void ARecipeIsValidAndDescribed(string name)
    {
        Recipe recipe = RecipeCatalog.Load(name, []);
        Assert.AreEqual(name, recipe.Name);
        Assert.IsGreaterThan(10, recipe.Description.Length);
        Assert.IsGreaterThan(10, recipe.Source.Length);
        Assert.Contains("// Expected time: ", RecipeCatalog.Text(name));
    }

    [TestMethod]
    [DynamicData(nameof(Names))]
    public void ARecipesNetworkFitsItsData(string name)
    {
        Recipe recipe = RecipeCatalog.Load(name, []);
        using CpuBackend backend = new();
        using RevUpNet net = new(backend, recipe.Model, recipe.Data.Sample, recipe.Data.ClassCount, recipe.Training.Seed);
        Assert.HasCount(recipe.Model.BlockCount, net.Layers.OfType<Block>());
    }

    [TestMethod]
    [DataRow("cifar-fast", "CIFAR-10's binary files")]
    [DataRow("cifar-revup-38", "CIFAR-10's binary files")]
    [DataRow("imagenet-revup-50", "train/CLASS/FILE")]
    public void ARecipeWithoutItsDataSaysWhatToName(string name, string contents)
    {
        using TemporaryFolder folder = new();
        ToolResult result = Tool.Run("train", "--recipe", name, "--output", folder["run"], "--threads", "1");
        Assert.AreEqual(1, result.ExitCode);
        Assert.Contains($"data.path is missing: name the folder with {contents}", result.LastError);
    }

    [TestMethod]
    [DataRow("imagenet-revup-50")]
    [DataRow("imagenet-revup-101")]
    public void TheImageNetRecipesTakeThePublishedBatchAndAugmentation(string name)
    {
        Recipe recipe = RecipeCatalog.Load(name, []);
        TrainingSettings training = recipe.Training;
        Assert.AreEqual((256, 0.1, 90), (training.BatchSize * training.Accumulate, training.Optimizer.LearningRate, training.Epochs));
        Assert.AreEqual(new ResizedCropSettings(), recipe.TrainingBatches.Augmentation.RandomResizedCrop);
        Assert.AreEqual((0.7, 256, true), (recipe.Data.Mixup, recipe.EvaluationBatches.Augmentation.Resize, recipe.Data.Flip));
        Assert.AreEqual(new Augmentation { Resize = 256 }, recipe.EvaluationBatches.Augmentation);
    }

    [TestMethod]
    [DataRow("small-revup", "small-resnet", "small-fixup", "small-revnet", "small-iresnet")]
    [DataRow("cifar-revup-38", "cifar-resnet-38", "cifar-fixup-38", "cifar-revnet-38", "cifar-iresnet-37")]
    [DataRow("cifar-revup-110", "cifar-resnet-110", "cifar-fixup-110", "cifar-revnet-110", "cifar-iresnet-109")]
    [DataRow("cifar-revup-164", "cifar-resnet-164", "cifar-fixup-164", "cifar-revnet-164", "cifar-iresnet-163")]
    public void BaselinesHaveTheTrainingAndTheParametersOfRevUp(string name, params string[] baselines)
    {
        const double Share = 0.03;
        Recipe revUp = RecipeCatalog.Load(name, []);
        using CpuBackend backend = new();
        long parameters = Parameters(backend, revUp);
        foreach (Recipe recipe in baselines.Select(baseline => RecipeCatalog.Load(baseline, [])))
        {
            Assert.AreEqual(RecipeFile.Serialize(revUp with { Training = recipe.Training }), RecipeFile.Serialize(revUp), recipe.Name);
            Assert.AreEqual(parameters, Parameters(backend, recipe), Share * parameters, recipe.Name);
        }
    }

    /// <summary>A row with an augmentation has that in addition to the row without, and mixup the weight decay that Fixup's authors use with it.</summary>
    [TestMethod]
    [DataRow("mixup", "data.mixup=1", 1e-4)]
    [DataRow("cutout", "data.cutout=16", 5e-4)]
    [DataRow("cutmix", "data.cutMix=1", 5e-4)]
    public void ARowWithAnAugmentationDiffersInNothingElse(string name, string setting, double decay)
    {
        string decayed = string.Create(System.Globalization.CultureInfo.InvariantCulture, $"training.optimizer.weightDecay={decay}");
        foreach (string row in (string[])["cifar-revup-110", "cifar-resnet-110", "cifar-fixup-110", "cifar-revnet-110", "cifar-iresnet-109"])
        {
            Recipe plain = RecipeCatalog.Load(row, [setting, decayed]), augmented = RecipeCatalog.Load($"{row}-{name}", []);
            plain = plain with { Name = augmented.Name, Description = augmented.Description, Source = augmented.Source };
            Assert.AreEqual(RecipeFile.Serialize(plain), RecipeFile.Serialize(augmented), row);
        }
    }

    [TestMethod]
    public void TheSmallNetworksTrainOnTheSameData()
    {
        Recipe revUp = RecipeCatalog.Load("small-revup", []);
        foreach (string name in RecipeCatalog.Names.Where(name => name.StartsWith("small-", StringComparison.Ordinal)))
        {
            Recipe recipe = RecipeCatalog.Load(name, []);
            Assert.AreEqual(RecipeFile.Serialize(revUp with { Data = recipe.Data }), RecipeFile.Serialize(revUp), name);
        }
    }

    [TestMethod]
    public void TheShortRecipeDiffersFromTheDemonstrationInItsLengthOnly()
    {
        Recipe demonstration = RecipeCatalog.Load("fashion-mnist", []);
        Recipe brief = RecipeCatalog.Load("fashion-mnist-short", []) with { Name = demonstration.Name, Description = demonstration.Description };
        Assert.IsLessThan(demonstration.Training.Epochs, brief.Training.Epochs);
        Recipe sameLength = brief with { Training = brief.Training with { Epochs = demonstration.Training.Epochs } };
        Assert.AreEqual(RecipeFile.Serialize(demonstration), RecipeFile.Serialize(sameLength));
    }

    [TestMethod]
    public void TheListAndARecipeAreShownAsTextAndAsDocuments()
    {
        ToolResult list = Tool.Run("recipes");
        ToolResult document = Tool.Run("recipes", "--json");
        foreach (string name in RecipeCatalog.Names)
        {
            Assert.Contains($"| {name} ", list.Output);
        }
        CollectionAssert.AreEqual(
            RecipeCatalog.Names.ToArray(),
            document.Json.GetProperty("recipes").EnumerateArray().Select(entry => entry.GetProperty("name").GetString()).ToArray());

        Assert.AreEqual(RecipeCatalog.Text("volume-64").TrimEnd(), Tool.Run("recipes", "show", "volume-64").Output.TrimEnd());
        string expanded = Tool.Run("recipes", "show", "volume-64", "--json").Output;
        Assert.AreEqual(DatasetKind.Synthetic, RecipeFile.Parse(expanded, "test", []).Data.Dataset);
        Assert.DoesNotContain("\"preset\":", expanded);
    }

    [TestMethod]
    public void OverridesAreAppliedInTheirOrder()
    {
        Recipe recipe = RecipeCatalog.Load("fashion-mnist", ["training.epochs=2", "model.stages.0.blocks=6", "training.epochs=3"]);
        Assert.AreEqual(3, recipe.Training.Epochs);
        Assert.AreEqual(6, recipe.Model.Stages[0].Blocks);
    }

    internal static long Parameters(CpuBackend backend, Recipe recipe)
    {
        using RevUpNet net = new(backend, recipe.Model, recipe.Data.Sample, recipe.Data.ClassCount, recipe.Training.Seed);
        return net.Parameters.Count;
    }
}
