using System.Runtime.Versioning;
using RevUp.Tests.Cli;

namespace RevUp.Tests.Runs;

/// <summary>
/// A run has its folder to itself, and touches no file there that is not its own.
/// </summary>
[TestClass]
public sealed class RunFolderTests : FolderTest
{
    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public void ASecondRunIsRefusedAndTheFirstIsUnharmed(bool resume)
    {
        using CpuBackend backend = TestRuns.Backend();
        using (TrainingRun first = new(backend, SmallRecipe.Create(), Folder["run"], resume: false))
        {
            using CpuBackend other = TestRuns.Backend();
            bool tried = false;
            first.Run(
                _ =>
                {
                    if (!tried)
                    {
                        tried = true;
                        ConfigurationException refused = Assert.ThrowsExactly<ConfigurationException>(
                            () => new TrainingRun(other, SmallRecipe.Create(), Folder["run"], resume));
                        Assert.Contains($"Another run works in '{Folder["run"]}'", refused.Message);
                    }
                },
                CancellationToken.None);
            Assert.AreEqual(0, other.Memory.LiveCount);
            ToolResult demo = Tool.Run("demo", "--recipe", Tool.WriteTinyRecipe(Folder), "--output", Folder["run"]);
            Assert.AreEqual(1, demo.ExitCode);
            Assert.Contains("Another run works", demo.LastError);
        }
        TestRuns.Finish(SmallRecipe.Create(), Folder["alone"]);
        CollectionAssert.AreEqual(TestRuns.Metrics(Folder["alone"]), TestRuns.Metrics(Folder["run"]));
        // The folder is free again.
        TestRuns.Finish(SmallRecipe.Create("training.epochs=3"), Folder["run"], resume: true);
    }

    [TestMethod]
    public void ARunThatCannotBeOpenedLeavesTheFolderFree()
    {
        TestRuns.StopAfter(1, SmallRecipe.Create(), Folder["run"]);
        using CpuBackend backend = TestRuns.Backend();
        Assert.ThrowsExactly<CheckpointException>(
            () => new TrainingRun(backend, SmallRecipe.Create("training.seed=9"), Folder["run"], resume: true));
        TestRuns.Finish(SmallRecipe.Create(), Folder["run"], resume: true);
    }

    [TestMethod]
    public void EventFilesOfOtherWritersStayAsTheyAre()
    {
        TestRuns.StopAfter(1, SmallRecipe.Create(), Folder["run"]);
        string foreign = Path.Combine(Folder["run"], "events.out.tfevents.1700000000.host.1234.0");
        File.Copy(Directory.GetFiles(Folder["run"], "*.revup").Single(), foreign);
        File.AppendAllText(foreign, "not a record");
        byte[] before = File.ReadAllBytes(foreign);
        TestRuns.Finish(SmallRecipe.Create(), Folder["run"], resume: true);
        CollectionAssert.AreEqual(before, File.ReadAllBytes(foreign));

        // Nor does a demonstration that replaces its run.
        ToolResult demo = Tool.Run("demo", "--recipe", Tool.WriteTinyRecipe(Folder), "--output", Folder["run"]);
        Assert.AreEqual(1, demo.ExitCode);
        CollectionAssert.AreEqual(before, File.ReadAllBytes(foreign));
    }

    [TestMethod]
    [SupportedOSPlatform("linux")]
    [DataRow("mount -o remount,ro disk", "Read-only file system", "on a disk that can be written")]
    [DataRow(
        "rm disk/run/.lock; i=0; while touch disk/run/$i; do i=$((i + 1)); done",
        "No space left on device",
        "Free some room or some files")]
    public void AFolderThatCannotBeWrittenIsNotCalledHeld(string prepare, string reason, string wayOut)
    {
        string run = Tool.TrainTiny(Folder);
        Directory.CreateDirectory(Folder["disk"]);
        string script = $"cd '{Folder.Path}'; mount -t tmpfs -o size=1m,nr_inodes=40 tmpfs disk || exit 77; "
            + $"cp -r run disk; {prepare} 2> prepared; \"$0\" \"$@\"";
        string[] train =
        [
            "train", "--recipe", Folder["tiny.json"], "--resume",
            "--output", Path.Combine(Folder["disk"], Path.GetFileName(run)),
        ];
        using Process process =
            ToolProcess.StartBehind(["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", script], train);
        (int status, _, string error) = process.Finish();
        if (status == 77 || error.Contains("unshare", StringComparison.Ordinal))
        {
            Assert.Inconclusive($"This system lets nobody mount a file system of their own: {error}");
        }
        Assert.AreEqual(1, status, error);
        Assert.Contains(reason, error);
        Assert.Contains(wayOut, error);
        Assert.DoesNotContain("Another run", error);
    }
}
