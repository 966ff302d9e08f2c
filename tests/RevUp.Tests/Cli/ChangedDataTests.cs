using System.Text.Json.Nodes;

namespace RevUp.Tests.Cli;

/// <summary>A checkpoint refuses data that does not fit it, and names the difference.</summary>
[TestClass]
public sealed class ChangedDataTests : FolderTest
{
    [TestMethod]
    public void ARenamedClassIsNamed()
    {
        Train(Folder);
        foreach (string part in new[] { "train", "test" })
        {
            Directory.Move(Folder[$"data/{part}/cat"], Folder[$"data/{part}/zcat"]);
        }
        const string Difference = "the class 'cat' is missing, the class 'zcat' is new";
        Tool.Run("evaluate", "--checkpoint", Folder["run"]).AssertFails(Difference, Folder["data"]);
        Tool.Run("inspect", "--checkpoint", Folder["run"]).AssertFails(Difference);
        Resume(Folder).AssertFails(Difference);
        Assert.AreEqual(0, Tool.Run("report", Folder["run"]).ExitCode);
        Assert.Contains("is missing", File.ReadAllText(Path.Combine(Folder["run"], "report.html")));
    }

    [TestMethod]
    public void AddedSamplesEndNoEpochEarlier()
    {
        Train(Folder);
        File.Copy(Folder["data/train/dog/01.png"], Folder["data/train/dog/99.png"]);
        Resume(Folder).AssertFails("'dog' had 8 samples and has 9");
        File.Delete(Folder["data/train/dog/99.png"]);
        File.Move(Folder["data/train/dog/01.png"], Folder["data/train/dog/98.png"]);
        Resume(Folder).AssertFails("other ones or in another order");
        File.Move(Folder["data/train/dog/98.png"], Folder["data/train/dog/01.png"]);
        Directory.Move(Folder["data"], Folder["moved"]);
        Assert.AreEqual(0, Resume(Folder, Folder["moved"]).ExitCode, "the same data at another place");
    }

    [TestMethod]
    public void ClassesInAnotherOrderAreMappedByName()
    {
        Train(Folder);
        using CpuBackend backend = TestRuns.Backend();
        using LoadedCheckpoint loaded = Checkpoint.Load(backend, Folder["run"]);
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
        Assert.Refuses<CheckpointException>(
            () => loaded.Fit(other), "the class 'dog' is missing, the class 'cow' is new");
    }

    [TestMethod]
    public void ACheckpointOfAnEarlierVersionStillLoads()
    {
        Train(Folder);
        string checkpoint = TestRuns.Newest(Folder["run"]).Path;
        string path = Path.Combine(checkpoint, "checkpoint.json");
        JsonObject description = JsonNode.Parse(File.ReadAllText(path))!.AsObject();
        Assert.IsTrue(description.Remove("data"));
        File.WriteAllText(path, description.ToJsonString());
        File.Delete(Path.Combine(checkpoint, CheckpointManifest.FileName));
        CheckpointManifest.Seal(checkpoint, description["step"]!.GetValue<long>());
        Assert.AreEqual(0, Tool.Run("evaluate", "--checkpoint", Folder["run"]).ExitCode);
        Assert.AreEqual(0, Resume(Folder).ExitCode);
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
