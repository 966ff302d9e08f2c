using System.Runtime.Versioning;

namespace RevUp.Tests.Cli;

/// <summary>
/// Storage that fails in the middle of a training, through the real tool: the error is one
/// paragraph that names the place, the exit code is 1, and the newest checkpoint from before is
/// whole.
/// </summary>
[TestClass]
[SupportedOSPlatform("linux")]
public sealed class StorageFaultTests : FolderTest
{
    // Ended by the fault alone: far more steps than fit into a test, with a checkpoint after each
    // epoch of eight.
    private static readonly string[] s_endless =
        ["--threads", "1", "--set", "training.epochs=100000", "--set", "training.evaluateEveryEpochs=100000"];

    [TestMethod]
    public void AFullDiskLeavesTheLastCheckpoint()
    {
        string run = Path.Combine("disk", "run");
        // Room for three checkpoints and some hundred steps. A file system that only the process
        // sees, and that it copies out before it ends.
        string script =
            $"mount -t tmpfs -o size=256k tmpfs '{Folder["disk"]}' || exit 77; cd '{Folder.Path}'; \"$0\" \"$@\"; "
            + $"status=$?; cp -r {run} kept; exit $status";
        Directory.CreateDirectory(Folder["disk"]);
        using Process process = ToolProcess.StartBehind(
            ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", script], Train(Folder, run));
        ToolResult result = process.Finish();
        if (!result.Error.Contains("step 1/", StringComparison.Ordinal))
        {
            Assert.Inconclusive($"This system lets nobody mount a file system of their own: {result.Error}");
        }
        AssertFailed(result, "No space left on device");
        AssertLoads(Folder["kept"]);
    }

    [TestMethod]
    public void AFolderThatBecomesReadOnlyLeavesTheLastCheckpoint()
    {
        string checkpoints = Path.Combine(Folder["run"], Checkpoint.FolderName);
        using Process process = ToolProcess.StartBehind(WithoutPrivileges(), Train(Folder, Folder["run"]));
        process.WaitFor("epoch 2/"); // the checkpoint of the first is written by then
        File.SetUnixFileMode(checkpoints, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        ToolResult result = process.Finish();
        File.SetUnixFileMode(checkpoints, UnixFileMode.UserRead | UnixFileMode.UserExecute | UnixFileMode.UserWrite);
        AssertFailed(result, checkpoints);
        AssertLoads(Folder["run"]);
    }

    [TestMethod]
    public void AnOutputFolderThatIsReadOnlyFromTheStartIsNamed()
    {
        Directory.CreateDirectory(Folder["results"], UnixFileMode.UserRead | UnixFileMode.UserExecute);
        string run = Path.Combine(Folder["results"], "run");
        using Process process = ToolProcess.StartBehind(WithoutPrivileges(), Train(Folder, run));
        ToolResult result = process.Finish();
        AssertFailed(result, run);
    }

    [TestMethod]
    [DataRow(false, DisplayName = "deleted")]
    [DataRow(true, DisplayName = "cut off")]
    public void ImagesThatGoAwayAreNamedAndLeaveTheLastCheckpoint(bool truncate)
    {
        ImageFiles.WriteCatsAndDogs(Folder["data"], 24);
        // Without a cache, or nothing is read after the first epoch.
        string[] settings = [ImageFiles.CatsAndDogs(Folder["data"]), "data.cacheBytes=0", "training.batchSize=8"];
        using Process process = ToolProcess.StartBehind(
            [], [.. Train(Folder, Folder["run"]), .. settings.SelectMany(setting => (string[])["--set", setting])]);
        process.WaitFor("epoch 2/"); // the checkpoint of the first is written by then
        foreach (string path in Directory.GetFiles(Folder["data/train"], "*.png", SearchOption.AllDirectories))
        {
            if (truncate)
            {
                using FileStream file = File.OpenWrite(path);
                file.SetLength(file.Length / 2);
            }
            else
            {
                File.Delete(path);
            }
        }
        ToolResult result = process.Finish();
        AssertFailed(result, Path.Combine(Folder["data"], "train"));
        Assert.Contains("data.maximumDamagedShare", result.Error);
        AssertLoads(Folder["run"]);
    }

    private static string[] Train(TemporaryFolder folder, string run) =>
        ["train", "--recipe", Tool.WriteTinyRecipe(folder), "--output", run, .. s_endless];

    // Root may write anywhere; without this right it is a user like any other.
    private static string[] WithoutPrivileges() =>
        Environment.IsPrivilegedProcess ? ["setpriv", "--bounding-set=-dac_override"] : [];

    private static void AssertFailed(ToolResult result, string named)
    {
        result.AssertFails(named);
        string[] lines = result.Error.Split('\n');
        Assert.HasCount(1, lines.Where(line => line.StartsWith("error: ", StringComparison.Ordinal)).ToArray());
        Assert.DoesNotContain("should not happen", result.LastError);
    }

    private static void AssertLoads(string run)
    {
        using CpuBackend backend = TestRuns.Backend();
        using LoadedCheckpoint loaded = Checkpoint.Load(backend, run);
        Assert.IsGreaterThan(0, loaded.Step);
    }
}
