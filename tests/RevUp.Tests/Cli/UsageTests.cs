using RevUp.Cli.Output;

namespace RevUp.Tests.Cli;

/// <summary>Command lines that are understood or refused, and their exit codes.</summary>
[TestClass]
public sealed class UsageTests
{
    [TestMethod]
    public void HelpListsTheCommandsUnderTheToolsOwnName()
    {
        ToolResult help = Tool.Run("--help");
        Assert.AreEqual(0, help.ExitCode);
        Assert.Contains("revup [command]", help.Output);
        string[] words =
        [
            "train", "study", "studies", "evaluate", "memory", "fit", "inspect", "devices", "recipes", "data", "demo",
            "--device", "--threads", "--seed", "--json",
        ];
        foreach (string word in words)
        {
            Assert.Contains($"  {word} ", help.Output);
        }
    }

    [TestMethod]
    [DataRow("", "revup --help")]
    [DataRow("nosuch", "nosuch")]
    [DataRow("train", "--recipe")]
    [DataRow("train --recipe fashion-mnist --nosuch", "--nosuch")]
    [DataRow("evaluate", "--checkpoint")]
    [DataRow("devices --threads x", "'x'")]
    [DataRow("devices --seed -1", "'-1' for option '--seed' as a whole number from 0. Run 'revup devices --help' ")]
    [DataRow("train --recipe fashion-mnist --device tpu", "'tpu' is not a device; use cpu or cuda")]
    [DataRow("memory --recipe fashion-mnist --blocks 3,x", "'x' is not a number of blocks")]
    [DataRow("memory --recipe fashion-mnist --blocks 0", "'0' is not a number of blocks")]
    [DataRow(
        "memory --recipe fashion-mnist --policy store,inverse",
        "'inverse' is not a policy; use store, checkpoint, compress, invert or auto")]
    [DataRow("study accuracy --jobs 0", "--jobs takes a positive number")]
    [DataRow("inspect --checkpoint nowhere --images 0", "--images takes a positive number")]
    [DataRow("recipes show", "revup recipes show --help")]
    public void WrongUsageIsOneLineAndExitCode2(string line, string named)
    {
        ToolResult result = Tool.Run(line.Split(' ', StringSplitOptions.RemoveEmptyEntries));
        Assert.AreEqual(2, result.ExitCode);
        Assert.IsEmpty(result.Output);
        Assert.StartsWith("error: ", result.Error);
        Assert.Contains(named, result.Error);
        Assert.AreEqual(result.LastError, result.Error.TrimEnd());
    }

    [TestMethod]
    [DataRow(1, "1 block")]
    [DataRow(2, "2 blocks")]
    public void BlocksAreCounted(long count, string expected) => Assert.AreEqual(expected, Format.Blocks(count));

    [TestMethod]
    public void PrintedCommandsAreQuotedForAShell() =>
        Assert.AreEqual(
            @"revup --set a=1 'two words' 'it'\''s' ''", CommandName.Line(["--set", "a=1", "two words", "it's", ""]));
}
