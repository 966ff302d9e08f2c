using RevUp.Tests.Cli;

namespace RevUp.Tests.Distributed;

/// <summary>
/// Failures of ranks and mistakes of users: all ranks end with words, and checkpoints stay.
/// </summary>
[TestClass]
public sealed class RankFailureTests : FolderTest
{
    private string[] Training => [.. Tool.Training(Folder), "--set", "training.accumulate=2"];

    [TestMethod]
    [DataRow(MpiLauncher.OpenMpi)]
    [DataRow(MpiLauncher.Mpich)]
    public void APassThatCannotBeSharedIsToldOnce(string launcher)
    {
        ToolResult result = MpiLauncher.Run(launcher, 3, Training);
        Assert.AreNotEqual(0, result.ExitCode);
        string line = Errors(result).Single();
        Assert.StartsWith("error: training.accumulate is 2, and 3 ranks cannot share 2 passes", line);
        Assert.Contains("--set training.accumulate=3", line);
        Assert.IsFalse(Directory.Exists(Folder["run"]));
    }

    [TestMethod]
    [DataRow("--attached", "--attached stops at the end of standard input")]
    [DataRow("--resume", "holds no run that --resume could go on with")]
    public void AMistakeIsToldOnce(string option, string words)
    {
        ToolResult result = MpiLauncher.Run(MpiLauncher.Mpich, 2, [.. Training, option]);
        Assert.AreNotEqual(0, result.ExitCode);
        Assert.Contains(words, Errors(result).Single());
    }

    [TestMethod]
    public void OtherCommandsAreForOneProcess()
    {
        ToolResult result = MpiLauncher.Run(MpiLauncher.OpenMpi, 2, ["recipes"]);
        Assert.AreNotEqual(0, result.ExitCode);
        Assert.StartsWith("error: 'revup recipes' works in one process", Errors(result).Single());
        ToolResult alone = MpiLauncher.Run(MpiLauncher.OpenMpi, 2, ["recipes"], "REVUP_RANKS=off");
        Assert.AreEqual(0, alone.ExitCode, alone.Error);
    }

    [TestMethod]
    [DataRow(MpiLauncher.Mpich, "libmpi.so.40")]
    [DataRow(MpiLauncher.OpenMpi, "libmpich.so.12")]
    public void ALibraryOfAnotherFamilyIsRefused(string launcher, string library)
    {
        _ = MpiLauncher.Words(MpiLauncher.OpenMpi, 2);
        _ = MpiLauncher.Words(MpiLauncher.Mpich, 2);
        ToolResult result = MpiLauncher.Run(launcher, 2, Training, $"REVUP_MPI_LIBRARY={library}");
        Assert.AreNotEqual(0, result.ExitCode);
        Assert.IsNotEmpty(Errors(result));
        foreach (string line in Errors(result))
        {
            Assert.Contains("launcher and library are of two MPIs", line);
        }
    }

    [TestMethod]
    public void AMissingLibraryIsNamed()
    {
        ToolResult result =
            MpiLauncher.Run(MpiLauncher.OpenMpi, 2, Training, "REVUP_MPI_LIBRARY=/nowhere/libmpi.so.40");
        Assert.AreNotEqual(0, result.ExitCode);
        Assert.Contains("/nowhere/libmpi.so.40: no such file", Errors(result)[0]);
    }

    [TestMethod]
    [DataRow(MpiLauncher.OpenMpi)]
    [DataRow(MpiLauncher.Mpich)]
    public void AnErrorOfOneRankNamesItAndEndsAll(string launcher)
    {
        string[] broken = ["env", "REVUP_CPU_LIBRARY=/nowhere/librevup_cpu.so", ToolProcess.Program, .. Training];
        ToolResult result = MpiLauncher.Run(launcher, 1, [.. Training, ":", "-np", "1", .. broken]);
        Assert.AreNotEqual(0, result.ExitCode);
        string line = Errors(result).Single();
        Assert.StartsWith($"[rank 1 of 2 on {Environment.MachineName}] error: The native library librevup_cpu", line);
    }

    [TestMethod]
    public void NumbersThatDivergeEndAllRanksWithOneMessage()
    {
        ToolResult result = MpiLauncher.Run(
            MpiLauncher.Mpich, 2,
            [
                .. Training, "--set", "training.optimizer.learningRate=100", "--set", "reversible.policy=store",
                "--set", "model.lipschitz.mode=none", "--set", "training.epochs=50",
            ]);
        Assert.AreNotEqual(0, result.ExitCode);
        Assert.Contains(" became ", Errors(result).Single());
    }

    /// <summary>
    /// Moments and ranks are drawn from a seed. tests/ranks/kill.sh kills more of them.
    /// </summary>
    [TestMethod]
    [DataRow(MpiLauncher.OpenMpi, 1)]
    [DataRow(MpiLauncher.Mpich, 2)]
    public void ARunOfKilledRanksEndsWithTheBytesOfOneProcess(string launcher, int seed)
    {
        string[] settings =
        [
            "--set", "training.checkpointEverySteps=1", "--set", "training.epochs=25", "--set",
            "training.sumInRankOrder=true",
        ];
        Tool.Succeed([.. Training.Select(word => word == Folder["run"] ? Folder["whole"] : word), .. settings]);
        string[] train = [.. Training, .. settings, "--resume", "auto"];
        Random random = new(seed);
        for (int kill = 0; kill < 2; kill++)
        {
            using Process process = ToolProcess.StartBehind(MpiLauncher.Words(launcher, 2), train);
            process.WaitFor("step ");
            process.WaitForExit(random.Next(150));
            Process.GetProcessById(MpiLauncher.Ranks(process)[random.Next(2)]).Kill();
            Assert.AreNotEqual(0, process.Finish().ExitCode);
        }
        ToolResult resumed = MpiLauncher.Run(launcher, 2, train);
        Assert.AreEqual(0, resumed.ExitCode, resumed.Error);
        TestRuns.AssertSameState(Folder["whole"], Folder["run"]);
    }

    /// <summary>
    /// The recipe's deadline is known before ranks join, and a variable is stronger.
    /// </summary>
    [TestMethod]
    [DataRow("")]
    [DataRow("REVUP_JOIN_TIMEOUT=1")]
    public void ARankThatNeverJoinsIsGivenUpAtTheDeadline(string variable)
    {
        int seconds = variable.Length == 0 ? 2 : 1;
        string[] train = [.. Training, "--set", "training.rankTimeoutSeconds=2", ":", "-np", "1", "sleep", "300"];
        ToolResult result = MpiLauncher.Run(
            MpiLauncher.Mpich, 1, train, [.. variable.Split(' ', StringSplitOptions.RemoveEmptyEntries)]);
        Assert.AreNotEqual(0, result.ExitCode);
        string line = Errors(result)[0];
        Assert.StartsWith(
            $"[rank 0 of 2 on {Environment.MachineName}] error: After {seconds} s this rank still waits for the other "
            + "ranks to join", line);
        Assert.Contains("REVUP_JOIN_TIMEOUT=SECONDS", line);
    }

    [TestMethod]
    public void AStoppedRankIsGivenUpAtTheDeadline()
    {
        string[] train = [.. Training, "--set", "training.epochs=100000", "--set", "training.rankTimeoutSeconds=2"];
        using Process process = ToolProcess.StartBehind(MpiLauncher.Words(MpiLauncher.Mpich, 2), train);
        process.WaitFor("step 5/");
        using Process stopped = Process.GetProcessById(MpiLauncher.Ranks(process)[1]);
        Process.Start("kill", ["-STOP", stopped.Id.ToString(CultureInfo.InvariantCulture)]).WaitForExit();
        ToolResult result = process.Finish();
        Assert.AreNotEqual(0, result.ExitCode);
        string line = Errors(result)[0];
        Assert.Contains("rank 0 of 2 on ", line);
        Assert.Contains("After 2 s in step ", line);
        Assert.Contains("this rank still waits for ", line);
        // The launcher has sent SIGKILL by now.
        Assert.IsTrue(stopped.WaitForExit(TimeSpan.FromSeconds(30)));
    }

    [TestMethod]
    [DataRow(MpiLauncher.OpenMpi)]
    [DataRow(MpiLauncher.Mpich)]
    public void ASignalStopsAllRanksAfterOneStepWithACheckpoint(string launcher)
    {
        string[] train = [.. Training, "--set", "training.epochs=100000"];
        using Process process = ToolProcess.StartBehind(MpiLauncher.Words(launcher, 2), train);
        process.WaitFor("step 3/");
        int last = MpiLauncher.Ranks(process)[1];
        Process.Start("kill", ["-USR1", last.ToString(CultureInfo.InvariantCulture)]).WaitForExit();
        ToolResult result = process.Finish();
        Assert.Contains("Stopped after step ", result.Error);
        Assert.IsGreaterThanOrEqualTo(3, TestRuns.Newest(Folder["run"]).Step);
    }

    private static string[] Errors(ToolResult result) =>
        [.. result.Error.Split('\n').Where(line => line.Contains("error: ", StringComparison.Ordinal))];
}
