using System.Text.Json.Nodes;

namespace RevUp.Tests.Cli;

/// <summary>A checkpoint refuses data that does not fit it, and names the difference.</summary>
[TestClass]
public sealed class ChangedDataTests
{
    [TestMethod]
    public void ARenamedClassIsNamed()
    {
        using TemporaryFolder folder = new();
        Train(folder);
        foreach (string part in new[] { "train", "test" })
        {
            Directory.Move(folder[$"data/{part}/cat"], folder[$"data/{part}/zcat"]);
        }
        const string Difference = "the class 'cat' is missing, the class 'zcat' is new";
        Tool.Run("evaluate", "--checkpoint", folder["run"]).AssertFails(Difference, folder["data"]);
        Tool.Run("inspect", "--checkpoint", folder["run"]).AssertFails(Difference);
        Resume(folder).AssertFails(Difference);
        Assert.AreEqual(0, Tool.Run("report", folder["run"]).ExitCode);
        Assert.Contains("is missing", File.ReadAllText(Path.Combine(folder["run"], "report.html")));
    }

    [TestMethod]
    public void AddedSamplesEndNoEpochEarlier()
    {
        using TemporaryFolder folder = new();
        Train(folder);
        File.Copy(folder["data/train/dog/01.png"], folder["data/train/dog/99.png"]);
        Resume(folder).AssertFails("'dog' had 8 samples and has 9");
        File.Delete(folder["data/train/dog/99.png"]);
        File.Move(folder["data/train/dog/01.png"], folder["data/train/dog/98.png"]);
        Resume(folder).AssertFails("other ones or in another order");
        File.Move(folder["data/train/dog/98.png"], folder["data/train/dog/01.png"]);
        Directory.Move(folder["data"], folder["moved"]);
        Assert.AreEqual(0, Resume(folder, folder["moved"]).ExitCode, "the same data at another place");
    }

    [TestMethod]
    public void ClassesInAnotherOrderAreMappedByName()
    {
        using TemporaryFolder folder = new();
        Train(folder);
        using CpuBackend backend = TestRuns.Backend();
        using LoadedCheckpoint loaded = Checkpoint.Load(backend, folder["run"]);
        CollectionAssert.AreEqual(new[] { "cat", "dog" }, loaded.Classes.ToArray());
        List<string> notes = [];
        Shape sample = loaded.Network.Sample;
        byte[] pixels = new byte[2 * sample.Count];
        MemoryDataset swapped = new(pixels, new byte[] { 0, 1 }, sample, ["dog", "cat"]);
        using ImageDataset mapped = loaded.Fit(swapped, notes.Add);
        CollectionAssert.AreEqual(new[] { 1, 0 }, new[] { mapped.Label(0), mapped.Label(1) });
        CollectionAssert.AreEqual(new[] { "cat", "dog" }, mapped.Classes.ToArray());
        Assert.HasCount(1, notes);
        using MemoryDataset other = new(pixels, new byte[] { 0, 1 }, sample, ["cat", "cow"]);
        Assert.Contains(
            "the class 'dog' is missing, the class 'cow' is new",
            Assert.ThrowsExactly<CheckpointException>(() => loaded.Fit(other)).Message);
    }

    [TestMethod]
    public void ACheckpointOfAnEarlierVersionStillLoads()
    {
        using TemporaryFolder folder = new();
        Train(folder);
        string checkpoint = TestRuns.Newest(folder["run"]).Path;
        string path = Path.Combine(checkpoint, "checkpoint.json");
        JsonObject description = JsonNode.Parse(File.ReadAllText(path))!.AsObject();
        Assert.IsTrue(description.Remove("data"));
        File.WriteAllText(path, description.ToJsonString());
        File.Delete(Path.Combine(checkpoint, CheckpointManifest.FileName));
        CheckpointManifest.Seal(checkpoint, description["step"]!.GetValue<long>());
        Assert.AreEqual(0, Tool.Run("evaluate", "--checkpoint", folder["run"]).ExitCode);
        Assert.AreEqual(0, Resume(folder).ExitCode);
    }

    private static void Train(TemporaryFolder folder)
    {
        ImageFiles.WriteCatsAndDogs(folder["data"], 16);
        Tool.Succeed(Arguments(folder, folder["data"], epochs: 2));
    }

    private static ToolResult Resume(TemporaryFolder folder, string? data = null) =>
        Tool.Run([.. Arguments(folder, data ?? folder["data"], epochs: 3), "--resume"]);

    private static string[] Arguments(TemporaryFolder folder, string path, int epochs) =>
    [
        .. Tool.Training(folder), "--set", ImageFiles.CatsAndDogs(path), "--set", $"training.epochs={epochs}",
    ];
}
