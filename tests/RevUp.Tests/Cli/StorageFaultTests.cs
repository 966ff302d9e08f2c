using System.Runtime.Versioning;

namespace RevUp.Tests.Cli;

/// <summary>
/// Storage that fails in the middle of a training, through the real tool: the error is one
/// paragraph that names the place, the exit code is 1, and the newest checkpoint from before is
/// whole.
/// </summary>
[TestClass]
[SupportedOSPlatform("linux")]
public sealed class StorageFaultTests
{
    private const int Images = 24;

    // Ended by the fault alone: far more steps than fit into a test, with a checkpoint after each
    // epoch of eight.
    private static readonly string[] s_endless =
        ["--threads", "1", "--set", "training.epochs=100000", "--set", "training.evaluateEveryEpochs=100000"];

    [TestMethod]
    public void AFullDiskLeavesTheLastCheckpoint()
    {
        using TemporaryFolder folder = new();
        string run = Path.Combine("disk", "run");
        // Room for three checkpoints and some hundred steps. A file system that only the process
        // sees, and that it copies out before it ends.
        string script =
            $"mount -t tmpfs -o size=256k tmpfs '{folder["disk"]}' || exit 77; cd '{folder.Path}'; \"$0\" \"$@\"; "
            + $"status=$?; cp -r {run} kept; exit $status";
        Directory.CreateDirectory(folder["disk"]);
        using Process process = ToolProcess.StartBehind(
            ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", script], Train(folder, run));
        string error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        if (!error.Contains("step 1/", StringComparison.Ordinal))
        {
            Assert.Inconclusive($"This system lets nobody mount a file system of their own: {error}");
        }
        AssertFailed(process, error, "No space left on device");
        AssertLoads(folder["kept"]);
    }

    [TestMethod]
    public void AFolderThatBecomesReadOnlyLeavesTheLastCheckpoint()
    {
        using TemporaryFolder folder = new();
        string checkpoints = Path.Combine(folder["run"], Checkpoint.FolderName);
        using Process process = ToolProcess.StartBehind(WithoutPrivileges(), Train(folder, folder["run"]));
        WaitForCheckpoint(process);
        File.SetUnixFileMode(checkpoints, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        string error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        File.SetUnixFileMode(checkpoints, UnixFileMode.UserRead | UnixFileMode.UserExecute | UnixFileMode.UserWrite);
        AssertFailed(process, error, checkpoints);
        AssertLoads(folder["run"]);
    }

    [TestMethod]
    public void AnOutputFolderThatIsReadOnlyFromTheStartIsNamed()
    {
        using TemporaryFolder folder = new();
        Directory.CreateDirectory(folder["results"], UnixFileMode.UserRead | UnixFileMode.UserExecute);
        string run = Path.Combine(folder["results"], "run");
        using Process process = ToolProcess.StartBehind(WithoutPrivileges(), Train(folder, run));
        string error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        AssertFailed(process, error, run);
    }

    [TestMethod]
    [DataRow(false, DisplayName = "deleted")]
    [DataRow(true, DisplayName = "cut off")]
    public void ImagesThatGoAwayAreNamedAndLeaveTheLastCheckpoint(bool truncate)
    {
        using TemporaryFolder folder = new();
        string[] names = [.. Enumerable.Range(0, Images).Select(i => $"{(i % 2 == 0 ? "cat" : "dog")}/{i}.png")];
        ImageFiles.WriteFolder(folder["data/train"], names);
        ImageFiles.WriteFolder(folder["data/test"], names);
        string data =
            $$"""data={"dataset":"imageFolder","path":"{{folder["data"]}}","extents":[8,8],"channels":3,"classes":2,"""
            + "\"cacheBytes\":0}"; // or nothing is read after the first epoch
        using Process process = ToolProcess.StartBehind(
            [], [.. Train(folder, folder["run"]), "--set", data, "--set", "training.batchSize=8"]);
        WaitForCheckpoint(process);
        foreach (string name in names)
        {
            string path = Path.Combine(folder["data"], "train", name);
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
        string error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        AssertFailed(process, error, Path.Combine(folder["data"], "train"));
        Assert.Contains("data.maximumDamagedShare", error);
        AssertLoads(folder["run"]);
    }

    private static string[] Train(TemporaryFolder folder, string run) =>
        ["train", "--recipe", Tool.WriteTinyRecipe(folder), "--output", run, .. s_endless];

    // Root may write anywhere; without this right it is a user like any other.
    private static string[] WithoutPrivileges() =>
        Environment.IsPrivilegedProcess ? ["setpriv", "--bounding-set=-dac_override"] : [];

    // The checkpoint at the end of an epoch is written before the next epoch says anything.
    private static void WaitForCheckpoint(Process process)
    {
        string? line = process.StandardError.ReadLine();
        while (line is not null && !line.StartsWith("epoch 2/", StringComparison.Ordinal))
        {
            line = process.StandardError.ReadLine();
        }
        Assert.IsNotNull(line, "The training ended before its second epoch.");
    }

    private static void AssertFailed(Process process, string error, string named)
    {
        string[] lines = error.TrimEnd().Split('\n');
        Assert.AreEqual(1, process.ExitCode, error);
        Assert.StartsWith("error: ", lines[^1]);
        Assert.HasCount(1, lines.Where(line => line.StartsWith("error: ", StringComparison.Ordinal)).ToArray());
        Assert.Contains(named, lines[^1]);
        Assert.DoesNotContain("should not happen", lines[^1]);
    }

    private static void AssertLoads(string run)
    {
        using CpuBackend backend = TestRuns.Backend();
        using LoadedCheckpoint loaded = Checkpoint.Load(backend, run);
        Assert.IsGreaterThan(0, loaded.Step);
    }
}
