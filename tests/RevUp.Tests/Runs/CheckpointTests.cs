using System.Text.Json.Nodes;

namespace RevUp.Tests.Runs;

[TestClass]
public sealed class CheckpointTests : FolderTest
{
    private static readonly float[] Sample = [.. Enumerable.Range(0, 64).Select(i => i / 32f - 1)];

    [TestMethod]
    public void TheFilesHoldEveryParameterStateAndMoment()
    {
        using CpuBackend backend = TestRuns.Backend();
        using TrainingRun run = new(
            backend, SmallRecipe.Create("training.optimizer.kind=adamW"), Folder["run"], resume: false);
        run.Run(null, CancellationToken.None);
        ParameterStore store = run.Network.Parameters;
        string[] parameters = [.. store.Parameters.Select(parameter => parameter.Name)];
        string[] state = [.. store.State.Select(tensor => tensor.Name)];
        CollectionAssert.Contains(state, "stages.0.blocks.0.conv2.u");
        CollectionAssert.Contains(state, "stages.0.blocks.0.sigma");
        CollectionAssert.AreEquivalent(parameters.Concat(state).ToArray(), Tensors(Folder["run"], TestRuns.Model));
        string[] moments =
            [.. parameters.Select(name => "moment1." + name), .. parameters.Select(name => "moment2." + name)];
        CollectionAssert.AreEquivalent(moments, Tensors(Folder["run"], TestRuns.Optimizer));
    }

    [TestMethod]
    [DataRow("", DisplayName = "by its run")]
    [DataRow("checkpoints/step-00000012", DisplayName = "by its own folder")]
    public void ALoadedNetworkPredictsTheSameBits(string place)
    {
        Recipe recipe = SmallRecipe.Create("model.lipschitz.mode=perLayer");
        using CpuBackend backend = TestRuns.Backend();
        using TrainingRun run = new(backend, recipe, Folder["run"], resume: false);
        run.Run(null, CancellationToken.None);
        using LoadedCheckpoint loaded = Checkpoint.Load(backend, Path.Combine(Folder["run"], place));
        CollectionAssert.AreEqual(run.Network.Predict(Sample), loaded.Network.Predict(Sample));
        Assert.AreEqual(SmallRecipe.Steps, loaded.Step);
        Assert.AreEqual(TestRuns.Newest(Folder["run"]).Path, Path.GetFullPath(loaded.Folder));
        Assert.AreEqual(RecipeFile.Serialize(recipe), RecipeFile.Serialize(loaded.Recipe));
        Assert.HasCount(1, loaded.Normalization.Mean);
    }

    [TestMethod]
    [DataRow("model.stages.0.blocks=3", "there is no tensor 'stages.0.blocks.2.bias1a'")]
    [DataRow("model.stages.0.blocks=1", "the tensor 'stages.0.blocks.1.bias1a' is not part of this network")]
    [DataRow(
        "model.stages.1.width=6",
        "the tensor 'stages.1.blocks.0.conv1.weight' has the shape [8, 3, 3, 16], but this network needs "
        + "[6, 3, 3, 16]")]
    [DataRow(
        "model.branch=bottleneck",
        "the tensor 'stages.0.blocks.0.conv1.weight' has the shape [4, 3, 3, 4], but this network needs [4, 1, 1, 4]")]
    public void ACheckpointOfAnotherNetworkNamesTheTensorAndLeavesNothingBehind(string setting, string message)
    {
        TestRuns.StopAfter(1, SmallRecipe.Create(), Folder["run"]);
        using CpuBackend backend = TestRuns.Backend();
        Recipe other = SmallRecipe.Create(setting);
        CheckpointException refused = Assert.ThrowsExactly<CheckpointException>(
            () => new TrainingRun(backend, other, Folder["run"], resume: true));
        Assert.Contains(message, refused.Message);
        Assert.Contains("safetensors", refused.Path);
        Assert.AreEqual(0, backend.Memory.LiveCount);
    }

    [TestMethod]
    public void WeightsOfACallersOwnTrainingAreSavedWholeOrNotAtAll()
    {
        using SmallTraining trained = new(), fresh = new();
        trained.Run(first: 0, count: 8);
        trained.Net.SaveWeights(Folder["net.safetensors"]);
        CollectionAssert.AreNotEqual(trained.State(), fresh.State());
        float[] before = fresh.Net.Predict(Sample);
        fresh.Net.LoadWeights(Folder["net.safetensors"]);
        CollectionAssert.AreEqual(trained.State(), fresh.State());
        CollectionAssert.AreNotEqual(before, fresh.Net.Predict(Sample));
        CollectionAssert.AreEqual(trained.Net.Predict(Sample), fresh.Net.Predict(Sample));

        Directory.CreateDirectory(Folder["occupied"]);
        Assert.Throws<Exception>(() => trained.Net.SaveWeights(Folder["occupied"]));
        CollectionAssert.AreEquivalent(
            new[] { Folder["net.safetensors"], Folder["occupied"] }, Directory.GetFileSystemEntries(Folder.Path));
    }

    [TestMethod]
    [DataRow(TestRuns.Model, "the content of model.safetensors has changed")]
    [DataRow(TestRuns.Optimizer, "the content of optimizer.safetensors has changed")]
    public void ADamagedCheckpointIsRefusedHoweverItIsNamed(string file, string message)
    {
        string checkpoint = TestRuns.StopAfter(1, SmallRecipe.Create(), Folder["run"]).Checkpoint;
        TestRuns.Damage(Path.Combine(checkpoint, file));
        Assert.Contains(message, Refused(checkpoint));
        Assert.Contains(message, Refused(Folder["run"]));
    }

    [TestMethod]
    public void WhereThereIsNoCheckpointTheFolderAndTheFixAreNamed()
    {
        Assert.AreEqual(
            $"{Folder["absent"]}: there is no checkpoint here. Name the folder of a run (the one with 'checkpoints' in "
            + "it) or of one checkpoint.",
            Refused(Folder["absent"]));
    }

    [TestMethod]
    [DataRow("format", "2", "its format is 2, and this version reads 1")]
    [DataRow("recipe", "null", "its format is 1, and this version reads 1")]
    [DataRow("recipe", "\"{}\"", "model.stages has 0 entries")]
    [DataRow("step", "\"x\"", "it is not a description of a checkpoint")]
    public void ADescriptionFromElsewhereIsExplained(string member, string value, string message)
    {
        string checkpoint = TestRuns.StopAfter(1, SmallRecipe.Create(), Folder["run"]).Checkpoint;
        string path = Path.Combine(checkpoint, "checkpoint.json");
        JsonObject description = JsonNode.Parse(File.ReadAllText(path))!.AsObject();
        description[member] = JsonNode.Parse(value);
        File.WriteAllText(path, description.ToJsonString());
        // A consistent checkpoint of another version: its manifest is in order.
        File.Delete(Path.Combine(checkpoint, CheckpointManifest.FileName));
        CheckpointManifest.Seal(checkpoint, step: 1);
        using CpuBackend backend = TestRuns.Backend();
        Assert.Contains(message, Assert.Throws<Exception>(() => Checkpoint.Load(backend, Folder["run"])).Message);
        Assert.AreEqual(0, backend.Memory.LiveCount);
    }

    private static string Refused(string folder)
    {
        using CpuBackend backend = TestRuns.Backend();
        return Assert.ThrowsExactly<CheckpointException>(() => Checkpoint.Load(backend, folder)).Message;
    }

    private static string[] Tensors(string folder, string file)
    {
        using SafetensorsReader reader = new(Path.Combine(TestRuns.Newest(folder).Path, file));
        return [.. reader.Tensors.Select(tensor => tensor.Name)];
    }
}
