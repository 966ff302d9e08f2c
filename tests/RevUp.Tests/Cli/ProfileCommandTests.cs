namespace RevUp.Tests.Cli;

/// <summary><c>revup profile</c>: its document, its text, its refusals.</summary>
[TestClass]
public sealed class ProfileCommandTests : FolderTest
{
    private static readonly string[] s_lists = ["parts", "layers", "operations"];

    private string[] Profile => ["profile", "--recipe", Tool.WriteTinyRecipe(Folder), "--threads", "1"];

    [TestMethod]
    [DataRow("training.accumulate=1")]
    [DataRow("training.accumulate=2")]
    public void TheRowsOfEachListAddUpToTheStep(string setting)
    {
        JsonElement profile = Tool.Succeed([.. Profile, "--steps", "2:4", "--set", setting, "--json"]).Json;
        double step = profile.GetProperty("milliseconds").GetDouble();
        Assert.AreEqual(3, profile.GetProperty("stepMilliseconds").GetArrayLength());
        foreach (string list in s_lists)
        {
            Assert.AreEqual(
                step,
                profile.GetProperty(list).EnumerateArray().Sum(row => row.GetProperty("milliseconds").GetDouble()),
                1e-9 * step,
                list);
        }
        Assert.AreEqual(JsonValueKind.Null, profile.GetProperty("randomBatch").ValueKind);
    }

    [TestMethod]
    public void PeopleGetTheSameInTables()
    {
        ToolResult result = Tool.Succeed([.. Profile, "--steps", "2:3", "--policy", "store"]);
        string[] expected =
        [
            "tiny: 2 blocks in float32, policy store, batch 8, on cpu", "steps 2 to 3: ", "copy of ",
            "matrix product of ", "data: the host waits for it ", "| part ", "| layer ", "| operation ",
            "| stages.1.blocks.0 ", "| fprop 3×3 ", "| between operations ", "| step ", " 100.0 % |",
        ];
        foreach (string text in expected)
        {
            Assert.Contains(text, result.Output);
        }
        Assert.DoesNotContain("branch evaluations", result.Output);
        Assert.Contains("steps 3/3", result.Error);
    }

    [TestMethod]
    public void DataThatIsNotThereIsReplacedAndNamed()
    {
        ToolResult result = Tool.Succeed(
            [.. Profile, "--steps", "1", "--set", "data.dataset=imageFolder", "--set", $"data.path={Folder["none"]}"]);
        Assert.Contains($"data: one random batch, because {Folder["none"]} does not exist", result.Output);
        Assert.Contains("The recipe's data is not at hand", result.Error);
    }

    [TestMethod]
    [DataRow("--steps is 3:17, and the run has 16 steps; end it at 16 or before", "--steps", "3:17")]
    [DataRow("--nsys is for profilers of GPUs, and --device is cpu; add --device cuda", "--nsys")]
    [DataRow("--capture is for profilers of GPUs, and --device is cpu; add --device cuda", "--capture")]
    [DataRow("--nsys and --capture are both given", "--nsys", "--capture", "--device", "cuda")]
    [DataRow("--capture measures nothing, so --json has nothing to print", "--capture", "--json", "--device", "cuda")]
    public void WhatCannotBeDoneIsRefused(string expected, params string[] arguments) =>
        Tool.Run([.. Profile, .. arguments]).AssertFails(expected);

    [TestMethod]
    public void AProfilersStepsAreForAGpu() => Tool.Run([.. Tool.Training(Folder), "--profile-steps", "3:4"])
        .AssertFails("--profile-steps is for profilers of GPUs, and --device is cpu; add --device cuda, or use ");

    [TestMethod]
    public void AWindowThatIsNoneIsAnErrorOfUsage()
    {
        ToolResult result = Tool.Run([.. Profile, "--steps", "4:3"]);
        Assert.AreEqual(ExitCode.Usage, result.ExitCode);
        Assert.Contains("'4:3' is not FIRST:LAST, such as 30:33", result.Error);
    }

    [TestMethod]
    public void ADeepNetworkAndRareOperationsShareARow()
    {
        string[] lines = Tool.Succeed(
            [.. Profile, "--steps", "1", "--set", "model.stages.0.blocks=45"]).Output.Split('\n');
        int layers = Array.FindIndex(lines, line => line.StartsWith("| layer ", StringComparison.Ordinal));
        int operations = Array.FindIndex(lines, line => line.StartsWith("| operation ", StringComparison.Ordinal));
        Assert.Contains(" others ", string.Join('\n', lines[layers..operations]));
        Assert.IsLessThan(52, operations - layers);
    }
}
