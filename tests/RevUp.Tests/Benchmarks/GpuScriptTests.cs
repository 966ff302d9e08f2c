namespace RevUp.Tests.Benchmarks;

/// <summary>
/// How tests/gpu/run.sh goes through the steps of a part, with steps that need no GPU.
/// </summary>
[TestClass]
public sealed class GpuScriptTests : FolderTest
{
    /// <summary>
    /// Most of what a part measures does not depend on what failed, and the time of a GPU machine
    /// is short.
    /// </summary>
    [TestMethod]
    public void AFailedStepEndsTheRunAfterItsPart()
    {
        const string Parts =
            "begin first; step fails 60 sh -c 'echo why >&2; exit 3'; step works 60 true; conclude; echo next part";
        (int status, string output) = Run(Folder, Parts);
        Assert.AreEqual(1, status);
        Assert.Contains("why", output);
        Assert.Contains("of the part first failed: fails.", output);
        Assert.DoesNotContain("next part", output);
        Assert.IsFalse(File.Exists(Folder["done/fails"]));
        Assert.IsTrue(File.Exists(Folder["done/works"]));
        Assert.Contains("| fails | failed (3) |", File.ReadAllText(Folder["verdicts/first-fails.md"]));

        // The same command tries again what failed, and nothing else.
        (status, output) = Run(Folder, Parts.Replace("exit 3", "exit 0", StringComparison.Ordinal));
        Assert.AreEqual(0, status, output);
        Assert.Contains("done before", output);
        Assert.Contains("next part", output);
    }

    [TestMethod]
    public void WhatDependsOnAFailedStepIsNotTried()
    {
        (int status, string output) = Run(
            Folder, "begin first; rows empty 60 false; step report 60 false && step reader 60 true; conclude");
        Assert.AreEqual(1, status);
        Assert.Contains("of the part first failed: empty report.", output);
        Assert.IsFalse(File.Exists(Folder["rows/empty.jsonl"]));
        Assert.IsFalse(File.Exists(Folder["done/reader"]));
    }

    [TestMethod]
    public void AStepOutOfItsOwnTimeFailsAndOneOutOfItsPartsTimeEndsTheRun()
    {
        (_, string own) = Run(Folder, "begin first; step slow 1 sleep 60; step after 60 true; conclude");
        Assert.Contains("of the part first failed: slow.", own);
        Assert.IsTrue(File.Exists(Folder["done/after"]));

        (int status, string whole) = Run(
            Folder, "begin first; deadline=$((SECONDS + 10)); step late 60 true; step never 60 true");
        Assert.AreEqual(1, status);
        Assert.Contains(
            "the nine minutes of the part first are over before its step late: give the same command again.", whole);
        Assert.IsFalse(File.Exists(Folder["done/never"]));
    }

    /// <summary>A ratio says nothing where one side computes in another arithmetic.</summary>
    [TestMethod]
    [DataRow("tf32", 0, "| store | PyTorch, eager | tf32 | 8 | 9.0 |")]
    [DataRow("float32", 1, "no comparison: PyTorch, eager in float32; RevUp in tf32; measure both sides in one")]
    public void RatiosNeedOneArithmetic(string twin, int expected, string said)
    {
        const string Row = "{\"batch\": 8, \"images_per_second\": 9, \"step_ms\": 3, \"arithmetic\": \"";
        Directory.CreateDirectory(Folder["rows"]);
        File.WriteAllText(Folder["rows/revup-store-1.jsonl"], Row + "tf32\", \"model_ms\": 2}\n");
        File.WriteAllText(Folder["rows/pytorch-store-eager-1.jsonl"], Row + twin + "\"}\n");
        (int status, string output) = Run(
            Folder,
            "python3 tests/gpu/ratios.py \"$results/rows\" \"$results/ratios.md\" && cat \"$results/ratios.md\"");
        Assert.AreEqual(expected, status, output);
        Assert.Contains(said, output);
    }

    private static (int Status, string Output) Run(TemporaryFolder folder, string steps)
    {
        const string Sources =
            "set -uo pipefail; source tools/console.sh; source tests/gpu/steps.sh; mkdir -p \"$logs\"; ";
        ProcessStartInfo start = new("bash", ["-c", $"exec 2>&1; {Sources}{steps}"])
        {
            RedirectStandardOutput = true,
            WorkingDirectory = Repository.Root,
        };
        foreach ((string variable, string value) in
            new[] { ("root", Repository.Root), ("results", folder.Path), ("logs", folder["logs"]) })
        {
            start.Environment[variable] = value;
        }
        using Process process = Process.Start(start)!;
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output);
    }
}
