namespace RevUp.Tests.Cli;

/// <summary>The option --memory-budget: what is planned is printed, kept, and fits.</summary>
[TestClass]
public sealed partial class MemoryBudgetTests : FolderTest
{
    [TestMethod]
    public void TrainPrintsThePlanAndLeavesItInTheRun()
    {
        ToolResult result = Tool.Succeed([.. Tool.Training(Folder), "--memory-budget", "1GiB"]);
        Assert.Contains("policies for 1024.00 MiB, by measured costs: ", result.Error);
        Assert.MatchesRegex(StagePattern(), result.Error);
        foreach (string policy in (string[])["store", "checkpoint", "invert"])
        {
            Assert.Contains($"  {policy} alone: ", result.Error);
        }
        Assert.DoesNotContain("compress alone", result.Error);
        Assert.Contains("memory of all purposes, peak of the run", result.Output);
        JsonElement reversible = Tool.ReadJson(Folder["run/recipe.json"]).GetProperty("reversible");
        Assert.AreEqual("auto", reversible.GetProperty("policy").GetString());
        Assert.AreEqual(1L << 30, reversible.GetProperty("memoryBudget").GetInt64());
        Assert.AreEqual(
            2, reversible.GetProperty("plan").EnumerateArray().Sum(run => run.GetProperty("blocks").GetInt32()));
    }

    [TestMethod]
    public void DocumentRecordAndReportHaveTheForecastBesideWhatWasMeasured()
    {
        ToolResult result = Tool.Succeed([.. Tool.Training(Folder), "--memory-budget", "1GiB", "--json"]);
        JsonElement record = Tool.ReadJson(Folder["run/run.json"]);
        foreach (JsonElement document in (JsonElement[])[result.Json, record])
        {
            JsonElement forecast = document.GetProperty("forecast");
            long peak = forecast.GetProperty("peakBytes").GetInt64();
            Assert.IsInRange(1, peak, document.GetProperty("totalPeakBytes").GetInt64());
            Assert.IsGreaterThanOrEqualTo(peak, forecast.GetProperty("replayPeakBytes").GetInt64());
            Assert.IsGreaterThan(0, forecast.GetProperty("milliseconds").GetDouble());
            Assert.IsGreaterThan(0, document.GetProperty("stepMilliseconds").GetDouble());
        }
        Assert.AreEqual(0, Tool.Run("report", Folder["run"]).ExitCode);
        Assert.Contains(
            "memory peak, forecast and measured", File.ReadAllText(Path.Combine(Folder["run"], "report.html")));
    }

    [TestMethod]
    public void MemoryMeasuresThePlanBesideThePolicies()
    {
        string recipe = Tool.WriteTinyRecipe(Folder);
        const long Budget = 1 << 20;
        string[] command =
            ["memory", "--recipe", recipe, "--threads", "1", "--json", "--policy", "store", "--blocks", "4,8"];
        ToolResult result = Tool.Succeed(
            [.. command, "--memory-budget", Budget.ToString(CultureInfo.InvariantCulture)]);
        JsonElement[] rows = [.. result.Json.GetProperty("rows").EnumerateArray()];
        CollectionAssert.AreEqual(
            new[] { "store", "auto", "store", "auto" },
            rows.Select(row => row.GetProperty("policy").GetString()).ToArray());
        foreach (JsonElement row in rows.Where(row => row.GetProperty("policy").GetString() == "auto"))
        {
            Assert.IsLessThanOrEqualTo(Budget, row.GetProperty("totalPeakBytes").GetInt64());
        }
    }

    [TestMethod]
    public void WhatIsNoBudgetOrTooLittleIsExplained()
    {
        ToolResult wrong = Tool.Run([.. Tool.Training(Folder), "--memory-budget", "2GB"]);
        Assert.AreEqual(2, wrong.ExitCode);
        Assert.StartsWith(
            "error: '2GB' is not a positive number of bytes, such as 2GiB, 512MiB or 1073741824.", wrong.LastError);
        Tool.Run([.. Tool.Training(Folder), "--memory-budget", "1KiB"]).AssertFails(
            "reversible.memoryBudget is 1024 bytes (0.00 MiB), and the least that a step of this network takes is ");
    }

    [GeneratedRegex(@"  stage 0: 1 \w+\n  stage 1: 1 \w+\n")]
    private static partial Regex StagePattern();
}
