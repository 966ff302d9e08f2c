namespace RevUp.Tests.Cli;

/// <summary>Every recipe that the tool carries works and says where it comes from.</summary>
[TestClass]
public sealed class RecipeCatalogTests : FolderTest
{
    public static IEnumerable<object[]> Names => RecipeCatalog.Names.Select(name => new object[] { name });

    [TestMethod]
    public void ThereAreTheExpectedOnes() => CollectionAssert.AreEqual(
        new[]
        {
            "adrenal-3d", "cifar-fast", "cifar-fixup-110", "cifar-fixup-164", "cifar-fixup-38",
            "cifar-iresnet-109", "cifar-iresnet-163", "cifar-iresnet-37",
            "cifar-resnet-110", "cifar-resnet-164", "cifar-resnet-38",
            "cifar-revnet-110", "cifar-revnet-164", "cifar-revnet-38",
            "cifar-revup-110", "cifar-revup-164", "cifar-revup-38",
            "fashion-mnist", "fashion-mnist-short", "imagenet-revup-101", "imagenet-revup-50",
            "segment-2d", "segment-3d", "segment-3d-instance-norm",
            "segment-lesions", "segment-lesions-instance-norm",
            "small-fixup", "small-iresnet", "small-resnet", "small-revnet", "small-revup", "volume-64",
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
        using RevUpNet net = new(
            backend, recipe.Model, recipe.Data.Sample, recipe.Data.ClassCount, recipe.Training.Seed);
        Assert.HasCount(recipe.Model.BlockCount, net.Layers.OfType<Block>());
    }

    [TestMethod]
    [DataRow("cifar-fast", "CIFAR-10's binary files")]
    [DataRow("cifar-revup-38", "CIFAR-10's binary files")]
    [DataRow("imagenet-revup-50", "train/CLASS/FILE")]
    public void ARecipeWithoutItsDataSaysWhatToName(string name, string contents)
    {
        ToolResult result = Tool.Run("train", "--recipe", name, "--output", Folder["run"], "--threads", "1");
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
        Assert.AreEqual(
            (256, 0.1, 90),
            (training.BatchSize * training.Accumulate, training.Optimizer.LearningRate, training.Epochs));
        Assert.AreEqual(new ResizedCropSettings(), recipe.TrainingBatches.Augmentation.RandomResizedCrop);
        Augmentation augmentation = recipe.Data.Augmentation;
        Assert.AreEqual((0.7, 256, true), (augmentation.Mixup, augmentation.Resize, augmentation.Flip));
        Assert.AreEqual(new Augmentation { Resize = 256 }, recipe.EvaluationBatches.Augmentation);
    }

    [TestMethod]
    [DataRow("small-revup", "small-resnet", "small-fixup", "small-revnet", "small-iresnet")]
    [DataRow("cifar-revup-38", "cifar-resnet-38", "cifar-fixup-38", "cifar-revnet-38", "cifar-iresnet-37")]
    [DataRow("cifar-revup-110", "cifar-resnet-110", "cifar-fixup-110", "cifar-revnet-110", "cifar-iresnet-109")]
    [DataRow("cifar-revup-164", "cifar-resnet-164", "cifar-fixup-164", "cifar-revnet-164", "cifar-iresnet-163")]
    [DataRow("segment-lesions", "segment-lesions-instance-norm")]
    [DataRow("segment-3d", "segment-3d-instance-norm")]
    public void BaselinesHaveTheTrainingAndTheParametersOfRevUp(string name, params string[] baselines)
    {
        const double Share = 0.03;
        Recipe revUp = RecipeCatalog.Load(name, []);
        using CpuBackend backend = new();
        long parameters = Parameters(backend, revUp);
        foreach (Recipe recipe in baselines.Select(baseline => RecipeCatalog.Load(baseline, [])))
        {
            Recipe same = revUp with { Training = recipe.Training, Data = recipe.Data };
            Assert.AreEqual(RecipeFile.Serialize(same), RecipeFile.Serialize(revUp), recipe.Name);
            Assert.AreEqual(parameters, Parameters(backend, recipe), Share * parameters, recipe.Name);
        }
    }

    /// <summary>
    /// The settings in the first comments of cifar-revup-110, for every network of its depth.
    /// </summary>
    [TestMethod]
    [DataRow("CutMix", 0, 0.0, 1.0, 5e-4)]
    [DataRow("cutout", 16, 0.0, 0.0, 5e-4)]
    [DataRow("mixup", 0, 1.0, 0.0, 1e-4)]
    public void TheAugmentationsOfTheCommentsWorkWithEveryNetwork(
        string name, int cutout, double mixup, double cutMix, double decay)
    {
        string comments = RecipeCatalog.Text("cifar-revup-110").Replace("\n//     ", " ", StringComparison.Ordinal);
        string start = $"//   {name} (arXiv";
        string line = comments.Split('\n').Single(line => line.StartsWith(start, StringComparison.Ordinal));
        string[] settings = [.. line.Split("--set ").Skip(1).Select(setting => setting.Trim())];
        string[] rows =
        [
            "cifar-revup-110", "cifar-resnet-110", "cifar-fixup-110", "cifar-revnet-110", "cifar-iresnet-109",
        ];
        foreach (string row in rows)
        {
            Recipe recipe = RecipeCatalog.Load(row, settings);
            Augmentation augmentation = recipe.TrainingBatches.Augmentation;
            (int, double, double) found = (augmentation.Cutout, augmentation.Mixup, augmentation.CutMix);
            Assert.AreEqual((cutout, mixup, cutMix), found, row);
            Assert.AreEqual(decay, recipe.Training.Optimizer.WeightDecay, row);
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
        Recipe brief = RecipeCatalog.Load("fashion-mnist-short", []) with
        {
            Name = demonstration.Name,
            Description = demonstration.Description,
        };
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
            document.Json.GetProperty("recipes").EnumerateArray().Select(entry => entry.GetProperty("name").GetString())
                .ToArray());

        Assert.StartsWith("// Volumes of 64³ voxels", Tool.Run("recipes", "show", "volume-64").Output);
        string expanded = Tool.Run("recipes", "show", "volume-64", "--json").Output;
        Assert.AreEqual(DatasetKind.Synthetic, RecipeFile.Parse(expanded, "test", []).Data.Dataset);
        Assert.DoesNotContain("\"preset\":", expanded);
    }

    [TestMethod]
    public void ARecipeWithABaseIsShownWhole()
    {
        string shown = Tool.Run("recipes", "show", "small-fixup").Output;
        Assert.StartsWith("// One of five networks", shown);
        Assert.Contains("\n// The base \"small-resnet\" is written out below: this is the whole recipe.\n{\n", shown);
        Assert.DoesNotContain("\"base\":", shown);
        Assert.Contains("\"weightDecay\": 5e-4", shown, "numbers stay as they were written");
        string whole = RecipeFile.Serialize(RecipeFile.Parse(shown, "shown", []));
        Assert.AreEqual(whole, Tool.Run("recipes", "show", "small-fixup", "--json").Output.TrimEnd());
    }

    [TestMethod]
    public void OverridesAreAppliedInTheirOrder()
    {
        Recipe recipe = RecipeCatalog.Load(
            "fashion-mnist", ["training.epochs=2", "model.stages.0.blocks=6", "training.epochs=3"]);
        Assert.AreEqual(3, recipe.Training.Epochs);
        Assert.AreEqual(6, recipe.Model.Stages[0].Blocks);
    }

    internal static long Parameters(CpuBackend backend, Recipe recipe)
    {
        using RevUpNet net = new(
            backend, recipe.Model, recipe.Data.Sample, recipe.Data.ClassCount, recipe.Training.Seed);
        return net.Parameters.Count;
    }
}
