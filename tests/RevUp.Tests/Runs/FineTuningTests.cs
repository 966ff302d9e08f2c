using System.Text.Json;

namespace RevUp.Tests.Runs;

/// <summary>Runs that start from another run's network.</summary>
[TestClass]
public sealed class FineTuningTests : FolderTest
{
    private static readonly string[] s_other = ["data.classes=3", "training.seed=7"];

    [TestMethod]
    [DataRow("model")]
    [DataRow("run")]
    public void TheBodyComesFromTheFileAndStaysWhereItIsFrozen(string from)
    {
        Train();
        Recipe recipe = Recipe(from, "training.freeze=body");
        using CpuBackend backend = TestRuns.Backend();
        using (TrainingRun run = new(backend, recipe, Folder["fine"], resume: false))
        {
            LoadReport report = run.Initial!.Report;
            CollectionAssert.AreEqual((string[])["head.weight", "head.bias"], report.Replaced.ToArray());
            Assert.IsEmpty(report.Estimated);
            run.Run(null, CancellationToken.None);
            run.SaveModel(Folder["fine.safetensors"]);
        }
        Dictionary<string, float[]> before = Tensors(Folder["model"]), after = Tensors(Folder["fine.safetensors"]);
        foreach ((string name, float[] values) in after)
        {
            Assert.AreEqual(
                !name.StartsWith("head.", StringComparison.Ordinal), before[name].SequenceEqual(values), name);
        }
        // A checkpoint of a run in part is whole, but for vectors that nothing needs.
        Dictionary<string, float[]> kept = Tensors(Checkpoint.FindModel(Folder["fine"]));
        CollectionAssert.AreEquivalent(after.Keys.ToArray(), kept.Keys.ToArray());
        Assert.IsFalse(kept.Keys.Any(name => name[^2..] is ".u" or ".v"));
        using Predictor predictor = Predictor.Load(Folder["fine"]);
        Assert.HasCount(3, predictor.Classes);
        using LoadedCheckpoint loaded = Checkpoint.Load(backend, Folder["fine"]);
        Assert.AreEqual("body", loaded.Recipe.Training.Trained.Freeze);
    }

    [TestMethod]
    public void ARunInPartGoesOnAsIfItHadNotStopped()
    {
        Train();
        Recipe recipe = Recipe(
            "model", "training.freeze=stages.0", """training.rates={"head":5,"stages.1":0.5}""",
            "training.emaDecay=0.9");
        TestRuns.Finish(recipe, Folder["whole"]);
        TestRuns.StopAfter(5, recipe, Folder["fine"]);
        // Resuming takes the checkpoint alone.
        File.Delete(Folder["model"]);
        TestRuns.Finish(recipe, Folder["fine"], resume: true);
        TestRuns.AssertSameState(Folder["whole"], Folder["fine"]);
        JsonElement record = JsonDocument.Parse(
            File.ReadAllText(Path.Combine(Folder["fine"], RunRecord.FileName))).RootElement;
        Assert.AreEqual(Folder["model"], record.GetProperty("initialFrom").GetString());
        Assert.AreEqual("stages.0", record.GetProperty("freeze").GetString());
        Assert.IsLessThan(
            record.GetProperty("parameters").GetInt64(), record.GetProperty("trainedParameters").GetInt64());
    }

    [TestMethod]
    public void TheHeadOfTheSameClassesIsKept()
    {
        Train();
        using CpuBackend backend = TestRuns.Backend();
        using TrainingRun run = new(
            backend, SmallRecipe.Create("training.seed=7", $"model.initialFrom={Folder["model"]}"), Folder["fine"],
            resume: false);
        Assert.IsEmpty(run.Initial!.Report.Replaced);
        Dictionary<string, Tensor> own = run.Network.NamedTensors.ToDictionary(one => one.Name, one => one.Tensor);
        foreach ((string name, float[] values) in Tensors(Folder["model"]))
        {
            CollectionAssert.AreEqual(values, backend.ToHost(own[name]), name);
        }
    }

    [TestMethod]
    [DataRow("model.initialFrom=nowhere", "model.initialFrom is '")]
    [DataRow("model.activation=elu", "its network has the activation Relu, and model.activation is Elu")]
    [DataRow("model.stages.0.blocks=1", "is not part of this network; the file belongs to another one. For model.init")]
    [DataRow("training.freeze=stages.9", "training.freeze is 'stages.9', and no layer has this name")]
    public void AFileThatDoesNotFitIsRefusedBeforeTheRun(string setting, string message)
    {
        Train();
        using CpuBackend backend = TestRuns.Backend();
        Recipe recipe = Recipe("model", setting);
        RevUpException refused = Assert.Throws<RevUpException>(
            () => new TrainingRun(backend, recipe, Folder["fine"], resume: false));
        Assert.Contains(message, refused.Message);
        Assert.AreEqual(0, backend.Memory.LiveCount);
    }

    [TestMethod]
    public void AnotherFreezeCannotBeResumed()
    {
        Train();
        TestRuns.StopAfter(2, Recipe("model", "training.freeze=stem"), Folder["fine"]);
        using CpuBackend backend = TestRuns.Backend();
        CheckpointException refused = Assert.ThrowsExactly<CheckpointException>(
            () => new TrainingRun(backend, Recipe("model"), Folder["fine"], resume: true));
        Assert.Contains("the run was started with training.freeze = stem", refused.Message);
    }

    [TestMethod]
    public void ARecipeKeepsWhatItSays()
    {
        Recipe recipe = SmallRecipe.Create(
            "training.freeze=body", """training.rates={"head":2}""", "model.initialFrom=a.safetensors");
        Recipe again = RecipeFile.Parse(recipe.ToJson(), "again", []);
        Assert.AreEqual(recipe.Training.Trained, again.Training.Trained);
        Assert.AreEqual("a.safetensors", again.Model.InitialFrom);
        Assert.DoesNotContain("freeze", SmallRecipe.Create().ToJson());
        Assert.Contains(
            "training.rates.head is \"x\"; use a number",
            SmallRecipe.Refusal("""training.rates={"head":"x"}"""));
    }

    [TestMethod]
    public void AModelIsOpenedGivenAnotherHeadAndSaved()
    {
        Train();
        using CpuBackend backend = TestRuns.Backend();
        using (SavedModel model = SavedModel.Open(
            backend, Folder["model"], classes: ["oak", "elm"], trained: new() { Freeze = "body" }))
        {
            Assert.AreEqual(2, model.Network.Classes);
            CollectionAssert.AreEqual((string[])["head.weight", "head.bias"], model.Report.Replaced.ToArray());
            using TrainingStep step = new(model.Network, new(), new MemoryPlan(), new InversionSettings());
            step.Run(Vectors.Normal(1, 4 * model.Network.Sample.Count), new float[] { 1, 0, 0, 1, 1, 0, 0, 1 }, 1);
            model.Save(Folder["two"]);
        }
        using SavedModel again = SavedModel.Open(backend, Folder["two"]);
        CollectionAssert.AreEqual((string[])["oak", "elm"], again.Classes.ToArray());
        // A model file has no singular vectors.
        Assert.HasCount(6, again.Report.Estimated);
        using Predictor predictor = Predictor.Load(Folder["two"]);
        Assert.AreEqual(SampleKind.Bytes, predictor.Kind, "as the first file says");
        byte[] image = new byte[again.Network.Sample.Count];
        new Random(2).NextBytes(image);
        float[] normalized =
            [.. image.Select(pixel => (float)((pixel / 255.0 - again.Mean[0]) / again.Deviation[0]))];
        float[] expected = again.Network.Predict(normalized), found = predictor.Predict(image);
        Assert.AreEqual(expected[0], found[0], 1e-5);
    }

    private void Train()
    {
        using CpuBackend backend = TestRuns.Backend();
        using TrainingRun run = new(backend, SmallRecipe.Create(), Folder["run"], resume: false);
        run.Run(null, CancellationToken.None);
        run.SaveModel(Folder["model"]);
    }

    private Recipe Recipe(string from, params string[] overrides) =>
        SmallRecipe.Create([.. s_other, $"model.initialFrom={Folder[from]}", .. overrides]);

    private static Dictionary<string, float[]> Tensors(string path)
    {
        using SafetensorsReader reader = new(path);
        return reader.Tensors.ToDictionary(tensor => tensor.Name, tensor =>
        {
            float[] values = new float[tensor.ByteCount / sizeof(float)];
            reader.Read(tensor.Name, values.AsSpan());
            return values;
        });
    }
}
