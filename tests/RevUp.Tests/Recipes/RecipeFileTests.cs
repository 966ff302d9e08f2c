namespace RevUp.Tests.Recipes;

[TestClass]
public sealed class RecipeFileTests
{
    [TestMethod]
    [DataRow(
        "trainin.epochs=3",
        "trainin is unknown; a recipe has name, description, source, data, model, reversible, training.")]
    [DataRow("training.epoch=3", "training.epoch is unknown; training has epochs, ")]
    [DataRow(
        "training.optimizer.lr=3", "training.optimizer.lr is unknown; training.optimizer has kind, learningRate, ")]
    [DataRow(
        "model.stages.1.depth=3",
        "model.stages.1.depth is unknown; model.stages.1 has blocks, channels, width, decoderBlocks, stride, kernel.")]
    [DataRow("model.blockCount=3", "model.blockCount is unknown; ")]
    [DataRow("data.classCount=3", "data.classCount is unknown; ")]
    [DataRow("reversible.plans={}", "reversible.plans is unknown; ")]
    [DataRow("model..groups=1", "model. is unknown; ")]
    public void AnUnknownMemberIsNamed(string setting, string place)
    {
        string refusal = SmallRecipe.Refusal(setting);
        Assert.StartsWith("The recipe 'small.json' cannot be used: ", refusal);
        Assert.Contains(place, refusal);
    }

    [TestMethod]
    [DataRow(
        "training.epochs=three", "training.epochs is \"three\"; use a whole number from -2147483648 to 2147483647.")]
    [DataRow("training.epochs=1.5", "training.epochs is 1.5; use a whole number")]
    [DataRow("training.epochs=99999999999", "training.epochs is 99999999999; use a whole number")]
    [DataRow("training.seed=-1", "training.seed is -1; use a whole number from 0 to 18446744073709551615.")]
    [DataRow("training=3", "training is 3; use an object with epochs, ")]
    [DataRow("model=revup-38", "model is \"revup-38\"; use an object with ")]
    [DataRow(
        "model.stages.0=3",
        "model.stages.0 is 3; use an object with blocks, channels, width, decoderBlocks, stride, kernel.")]
    [DataRow("data.flip=1", "data.flip is 1; use true or false.")]
    [DataRow("data.extents=8", "data.extents is 8; use a list in brackets, each entry a whole number")]
    [DataRow("data.extents=[8,true]", "data.extents.1 is true; use a whole number")]
    [DataRow("data.dataset=cifar", "data.dataset")]
    [DataRow("training.optimizer.kind=1", "training.optimizer.kind is 1; use one of \"sgd\", \"adamW\", \"muon\".")]
    [DataRow("reversible.tolerance=tight", "reversible.tolerance is \"tight\"; use a number or \"exact\".")]
    [DataRow("reversible.evaluations=narrow", "reversible.evaluations")]
    [DataRow("reversible.tolerance=true", "reversible.tolerance is true; use a number or \"exact\".")]
    [DataRow("training.optimizer=null", "training.optimizer is null; use an object with kind, ")]
    [DataRow("model.stages=null", "model.stages is null; use a list in brackets, each entry an object with blocks, ")]
    [DataRow(
        "model.stages.0=null",
        "model.stages.0 is null; use an object with blocks, channels, width, decoderBlocks, stride, kernel.")]
    [DataRow("name=null", "name is null; use a text in quotes.")]
    public void AWrongTypeIsRefusedAtItsPath(string setting, string place)
    {
        string refusal = SmallRecipe.Refusal(setting);
        Assert.StartsWith("The recipe 'small.json' cannot be used: ", refusal);
        Assert.Contains(place, refusal);
    }

    [TestMethod]
    [DataRow("[]", "The recipe 'x' is not a JSON object.")]
    [DataRow("3", "The recipe 'x' is not a JSON object.")]
    [DataRow("null", "The recipe 'x' is not a JSON object.")]
    [DataRow("", "The recipe 'x' is not JSON in line 1: ")]
    [DataRow(
        "{\n  \"name\": oops\n}", "The recipe 'x' is not JSON in line 2: \"name\": oops -- look for a missing quote")]
    [DataRow("{ \"name\": \"a\", \"name\": \"b\" }", "The recipe 'x' has the member 'name' twice in one object")]
    [DataRow(
        "{ \"name\": \"a\", \"data\": { \"name\": 1, /* no */ \"flip\": [], \"flip\": 2 } }",
        "The recipe 'x' has the member 'flip' twice")]
    public void WhatIsNoRecipeIsExplained(string json, string message) =>
        Assert.Refuses<ConfigurationException>(() => RecipeFile.Parse(json, "x", []), message);

    [TestMethod]
    public void CommentsAndTrailingCommasAreAllowed()
    {
        Recipe recipe = RecipeFile.Parse(
            """
            // What this is for.
            { "name": "commented", /* where from */ "source": "us", "model": { "stages": [ { "blocks": 2, }, ], }, }
            """,
            "x",
            []);
        Assert.AreEqual(("commented", "us", 2), (recipe.Name, recipe.Source, recipe.Model.Stages.Single().Blocks));
    }

    [TestMethod]
    public void APresetIsChangedByTheOtherMembersAndThenByTheOverrides()
    {
        Recipe recipe = RecipeFile.Parse(
            """{ "model": { "preset": "revup-38", "activation": "elu", "lipschitz": { "coefficient": 0.5 } } }""", "x",
            ["model.stages.2.blocks=9"]);
        ModelSettings preset = ModelPresets.Get("revup-38");
        Assert.AreEqual(Activation.Elu, recipe.Model.Activation);
        Assert.AreEqual(preset.Lipschitz with { Coefficient = 0.5 }, recipe.Model.Lipschitz);
        CollectionAssert.AreEqual(
            (StageSettings[])[.. preset.Stages.Take(2), preset.Stages[2] with { Blocks = 9 }],
            recipe.Model.Stages.ToArray());
    }

    [TestMethod]
    public void AnOverrideOfThePresetComesBeforeAllOthersWhereverItStands()
    {
        Recipe recipe = RecipeFile.Parse(
            """{ "model": { "preset": "revup-38" } }""", "x", ["model.stages.0.blocks=7", "model.preset=revup-50"]);
        StageSettings[] stages = [.. ModelPresets.Get("revup-50").Stages];
        stages[0] = stages[0] with { Blocks = 7 };
        CollectionAssert.AreEqual(stages, recipe.Model.Stages.ToArray());
        Assert.AreEqual(StemKind.ImageNet, recipe.Model.Stem);
    }

    [TestMethod]
    [DataRow("model.preset=revup-39", "There is no model preset 'revup-39'; there are fixup-110, fixup-164")]
    [DataRow("model.preset=38", "model.preset is 38; it must be one of fixup-110")]
    [DataRow("model.preset=null", "model.preset is null")]
    public void AnUnknownPresetNamesTheOthers(string setting, string message) =>
        Assert.Contains(message, SmallRecipe.Refusal(setting));

    [TestMethod]
    public void OverridesReplaceValuesOfEveryKindAndTheLastOneWins()
    {
        Recipe recipe = SmallRecipe.Create(
            "training.epochs=5",
            "training.epochs=6",
            "data.flip=false",
            "data.path=/data/a=b",
            "description=no JSON: {",
            "model.stages.0.blocks=4",
            "model.stages.1={\"blocks\":5,\"channels\":20}",
            "data.extents=[4,6]",
            "training.schedule.milestones=[2,4]",
            "training.schedule.milestones.1=3",
            "reversible.tolerance=exact",
            "model.lipschitz.mode=perLayer");
        Assert.AreEqual(6, recipe.Training.Epochs);
        Assert.IsFalse(recipe.Data.Augmentation.Flip);
        Assert.AreEqual(("/data/a=b", "no JSON: {"), (recipe.Data.Path, recipe.Description));
        StageSettings[] stages = [new() { Blocks = 4, Channels = 4 }, new() { Blocks = 5, Channels = 20, Width = 0 }];
        CollectionAssert.AreEqual(stages, recipe.Model.Stages.ToArray());
        CollectionAssert.AreEqual(new[] { 4, 6 }, recipe.Data.Extents.ToArray());
        CollectionAssert.AreEqual(new[] { 2, 3 }, recipe.Training.Schedule.Milestones.ToArray());
        Assert.AreEqual(InversionSettings.Exact, recipe.Reversible.Inversion.Tolerance);
        Assert.AreEqual(LipschitzMode.PerLayer, recipe.Model.Lipschitz.Mode);
        Assert.AreEqual(2, recipe.Training.Schedule.WarmupSteps, "what the override does not name stays");
    }

    [TestMethod]
    public void OverridesCreateTheObjectsOnTheirWay()
    {
        Recipe recipe = RecipeFile.Parse(
            "{}",
            "x",
            ["""model.stages=[{"blocks":2}]""", "training.optimizer.learningRate=0.5", "data.dataset=mnist"]);
        Assert.AreEqual((0.5, DatasetKind.Mnist), (recipe.Training.Optimizer.LearningRate, recipe.Data.Dataset));
    }

    [TestMethod]
    [DataRow(
        "training.epochs", "The setting 'training.epochs' is not of the form path=value, such as training.epochs=3.")]
    [DataRow("=3", "The setting '=3' is not of the form path=value")]
    [DataRow("model.stages.2.blocks=1", "The setting 'model.stages.2.blocks' does not exist: there is no '2' there.")]
    [DataRow("model.stages.-1.blocks=1", "there is no '-1' there")]
    [DataRow("model.stages.first=1", "there is no 'first' there")]
    [DataRow("data.extents.2=1", "The setting 'data.extents.2' does not exist: there is no '2' there.")]
    [DataRow("training.epochs.first=1", "there is no 'first' there")]
    [DataRow("training.epochs.first.second=1", "there is no 'first' there")]
    public void AnOverrideThatLeadsNowhereIsExplained(string setting, string message) =>
        Assert.Contains(message, SmallRecipe.Refusal(setting));
}
