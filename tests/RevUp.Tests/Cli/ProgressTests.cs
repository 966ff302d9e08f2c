using RevUp.Cli.Output;

namespace RevUp.Tests.Cli;

/// <summary>
/// Progress is a live display for somebody who watches, and a line now and then for a log.
/// </summary>
[TestClass]
public sealed class ProgressTests : FolderTest
{
    [TestMethod]
    public void ALogHasTenLinesAnEpochAndOneForEachEvaluation()
    {
        using StringWriter error = new();
        PlainProgress progress = new(new Terminal(TextWriter.Null, error, false, false));
        for (int step = 1; step <= 200; step++)
        {
            progress.Report(At(step, 200));
            if (step % 100 == 0)
            {
                progress.Report(At(step, 200) with { Evaluation = new EvaluationResult(0.5, 1.25, 300) });
            }
        }
        string[] lines = error.ToString().TrimEnd().Split('\n');
        Assert.HasCount(
            2,
            lines
                .Where(line => line.Contains("test top-1 50.00 %, loss 1.2500, 300 images", StringComparison.Ordinal)));
        Assert.HasCount(23, lines, "the first step, ten in each of two epochs, two evaluations");
        Assert.AreEqual("epoch 1/2  step 10/200  loss 0.500  top-1 75.0 %  1000 images/s  k 2.50  1:30 left", lines[1]);
    }

    [TestMethod]
    public void ALogHasNoControlSequences()
    {
        ToolResult result = Tool.Succeed(Tool.Training(Folder));
        Assert.DoesNotContain("\e", result.Error + result.Output);
        Assert.Contains("| test top-1 ", result.Output);
        Assert.Contains("epoch 2/2", result.Error);
    }

    [TestMethod]
    public void ATerminalHasABarAndTheCursorBackAtTheEnd()
    {
        ToolResult result = Tool.Run(
            new StringWriter(), errorIsTerminal: true, default, [.. Tool.Training(Folder), "--json"]);
        Assert.AreEqual(0, result.ExitCode, result.Error);
        Assert.Contains("━", result.Error);
        Assert.Contains("evaluating on the test set", result.Error);
        Assert.Contains("epoch 2: test top-1", result.Error);
        Assert.IsGreaterThan(
            result.Error.LastIndexOf("\e[?25l", StringComparison.Ordinal),
            result.Error.LastIndexOf("\e[?25h", StringComparison.Ordinal));
        Assert.AreEqual(16, result.Json.GetProperty("step").GetInt32());
    }

    [TestMethod]
    [DataRow(0, "0:00")]
    [DataRow(95, "1:35")]
    [DataRow(3 * 3600 + 61, "3:01:01")]
    [DataRow(2 * 86400 + 61, "2 d 0:01:01")]
    public void DurationsAreShort(int seconds, string expected) =>
        Assert.AreEqual(expected, Format.Duration(TimeSpan.FromSeconds(seconds)));

    private static TrainingProgress At(int step, int steps) =>
        new(1 + (step - 1) * 2 / steps, 2, step, steps, 0.5, 0.75, 1000, 2.5, TimeSpan.FromSeconds(90), null);
}
