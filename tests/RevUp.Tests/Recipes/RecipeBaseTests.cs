using RevUp.Tests.Cli;

namespace RevUp.Tests.Recipes;

/// <summary>A recipe with a base is the base with the recipe's own members over it.</summary>
[TestClass]
public sealed class RecipeBaseTests : FolderTest
{
    [TestMethod]
    public void OwnMembersAreMergedAndOverridesComeLast()
    {
        const string Json = """
            {
              "base": "small", "name": "mine",
              "model": { "stages": [{ "blocks": 5, "channels": 4 }], "activation": "elu" },
              "training": { "batchSize": 4, "schedule": { "warmupSteps": 1 } }
            }
            """;
        Recipe mine = RecipeFile.Parse(Json, "mine.json", ["training.epochs=7"], Known);
        Recipe small = SmallRecipe.Create();
        Recipe expected = SmallRecipe.Create(
            "name=mine", "model.stages=[{\"blocks\":5,\"channels\":4}]", "model.activation=elu",
            "training.batchSize=4", "training.schedule.warmupSteps=1", "training.epochs=7");
        Assert.AreEqual(RecipeFile.Serialize(expected), RecipeFile.Serialize(mine));
        Assert.AreEqual(small.Description, mine.Description, "a member that is not given is the base's");
    }

    [TestMethod]
    public void AModelWithAPresetTakesNothingFromTheModelOfTheBase()
    {
        Recipe recipe = RecipeFile.Parse(
            """{ "base": "small", "model": { "preset": "revup-38", "activation": "elu" } }""", "x", [], Known);
        Recipe alone = RecipeFile.Parse("""{ "model": { "preset": "revup-38", "activation": "elu" } }""", "x", []);
        Assert.AreEqual(RecipeFile.Serialize(alone), RecipeFile.Serialize(alone with { Model = recipe.Model }));
    }

    [TestMethod]
    public void AnOverrideOfTheBaseComesBeforeAllOthers()
    {
        Recipe recipe = RecipeFile.Parse("{}", "x", ["training.epochs=7", "base=small"], Known);
        Assert.AreEqual(("small", 7, 8), (recipe.Name, recipe.Training.Epochs, recipe.Training.BatchSize));
    }

    [TestMethod]
    [DataRow("""{ "base": "smal" }""", "base is 'smal'. There is no 'smal'.")]
    [DataRow("""{ "base": 3 }""", "base is 3; name one recipe or its file in quotes")]
    [DataRow("""{ "base": null }""", "base is null; name one recipe or its file in quotes")]
    [DataRow("""{ "base": "derived" }""", "base is 'derived', which has a base itself, \"small\"; name a recipe")]
    [DataRow("""{ "base": "loop" }""", "base is 'loop', which has a base itself, \"loop\"; name a recipe without a")]
    [DataRow("""{ "base": "broken" }""", "The recipe 'broken' is not JSON in line 1")]
    [DataRow("""{ "base": "small", "training": { "epoch": 3 } }""", "training.epoch is unknown; training has epochs, ")]
    public void ABaseThatCannotBeUsedIsExplained(string json, string message)
    {
        string refusal =
            Assert.ThrowsExactly<ConfigurationException>(() => RecipeFile.Parse(json, "mine.json", [], Known)).Message;
        Assert.StartsWith("The recipe 'mine.json' cannot be used: ", refusal);
        Assert.Contains(message, refusal);
        Assert.DoesNotContain("\n", refusal);
    }

    [TestMethod]
    public void WithoutAReaderThereIsNoBase()
    {
        static void Parse() => RecipeFile.Parse("""{ "base": "small" }""", "x", []);
        Assert.Refuses<ConfigurationException>(Parse, "base is 'small', and no recipes were given to look it up in");
    }

    [TestMethod]
    public void AFileMayHaveABaseBesideItAndTheRunKeepsTheWholeRecipe()
    {
        Tool.WriteTinyRecipe(Folder);
        string mine = Folder["mine.json"];
        File.WriteAllText(mine, """{ "base": "tiny.json", "name": "mine", "training": { "epochs": 1 } }""");
        string[] options = ["--output", Folder["run"], "--threads", "1", "--set", "training.batchSize=16"];
        ToolResult result = Tool.Succeed(["train", "--recipe", mine, .. options]);
        Recipe kept = RecipeFile.Parse(File.ReadAllText(Path.Combine(Folder["run"], "recipe.json")), "kept", []);
        Assert.AreEqual(("mine", 64), (kept.Name, kept.Data.TrainingSamples));
        Assert.AreEqual((1, 16), (kept.Training.Epochs, kept.Training.BatchSize));
    }

    [TestMethod]
    public void AFileMayHaveACarriedBase()
    {
        string mine = Folder["mine.json"];
        File.WriteAllText(mine, """{ "base": "volume-64", "name": "mine", "data": { "extents": [32, 32, 32] } }""");
        string shown = Tool.Run("recipes", "show", mine).Output;
        Assert.Contains("// The base \"volume-64\" is written out below", shown);
        Recipe recipe = RecipeFile.Parse(shown, "shown", []);
        Assert.AreEqual(new Shape(1, 32, 32, 32, 1), recipe.Data.Sample);
        Assert.AreEqual(ModelPresets.Get("revup-3d").BlockCount, recipe.Model.BlockCount);
        File.WriteAllText(Folder["far.json"], """{ "base": "volume-65" }""");
        ToolResult refused = Tool.Run("recipes", "show", Folder["far.json"]);
        Assert.AreEqual(1, refused.ExitCode);
        Assert.Contains("base is 'volume-65'. There is no recipe and no file 'volume-65'.", refused.LastError);
        Assert.Contains("The recipes are adrenal-3d, cifar-fast, ", refused.LastError);
    }

    private static string Known(string name) => name switch
    {
        "small" => SmallRecipe.Json,
        "derived" => """{ "base": "small", "name": "derived" }""",
        "loop" => """{ "base": "loop" }""",
        "broken" => "{ oops }",
        _ => throw new ConfigurationException($"There is no '{name}'."),
    };
}
