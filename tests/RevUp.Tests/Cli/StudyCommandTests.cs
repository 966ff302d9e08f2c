using System.Xml.Linq;

namespace RevUp.Tests.Cli;

/// <summary>
/// A study trains its grid in processes of its own, goes on where it was, and tabulates what its
/// runs recorded.
/// </summary>
[TestClass]
public sealed class StudyCommandTests : FolderTest
{
    private const string Rows = """
        { "name": "bound", "recipe": "tiny.json" },
        { "name": "free", "recipe": "tiny.json", "set": ["model.lipschitz.mode=none", "reversible.policy=store"] },
        """;

    [TestMethod]
    public void TheTableHasTheNumbersOfTheRuns()
    {
        ToolResult result = Run(Folder, Write(Folder, Rows), "--jobs", "2", "--json");
        Assert.AreEqual(0, result.ExitCode, result.Error);
        JsonElement[] rows = [.. result.Json.GetProperty("rows").EnumerateArray()];
        double[] reference = [LastEvaluation(Folder, "free", 1), LastEvaluation(Folder, "free", 2)];
        double[] bound = [LastEvaluation(Folder, "bound", 1), LastEvaluation(Folder, "bound", 2)];
        Assert.AreEqual(bound.Average(), rows[0].GetProperty("top1").GetProperty("mean").GetDouble(), 1e-12);
        Assert.AreEqual(
            Math.Abs(bound[0] - bound[1]) / Math.Sqrt(2),
            rows[0].GetProperty("top1").GetProperty("deviation").GetDouble(),
            1e-12);
        Assert.AreEqual(
            bound.Average() - reference.Average(), rows[0].GetProperty("gap").GetProperty("mean").GetDouble(), 1e-12);
        Assert.AreEqual(0, rows[1].GetProperty("gap").GetProperty("count").GetInt32());

        JsonElement[] steps = [.. Seeds.SelectMany(seed => Lines(Folder, "bound", seed, "step"))];
        Assert.AreEqual(
            steps.Max(step => Values(step, "evaluations").Max()), rows[0].GetProperty("worstEvaluations").GetDouble());
        JsonElement[] last = [.. steps.Where(step => step.GetProperty("epoch").GetInt32() == 1)];
        Assert.AreEqual(
            last.SelectMany(step => Values(step, "evaluations")).Average(),
            rows[0].GetProperty("meanEvaluations").GetDouble(),
            1e-12);
        Assert.AreEqual(
            last.SelectMany(step => Values(step, "contractions")).Max(),
            rows[0].GetProperty("worstContraction").GetDouble(),
            1e-12);
        Assert.AreEqual(
            steps.Max(step => step.GetProperty("activationPeakBytes").GetInt64()),
            rows[0].GetProperty("activationBytes").GetInt64());
        Assert.AreEqual(0.9, rows[0].GetProperty("limit").GetDouble());
        Assert.IsLessThanOrEqualTo(1e-2, rows[0].GetProperty("residual").GetDouble());
        Assert.AreEqual(JsonValueKind.Null, rows[1].GetProperty("residual").ValueKind);

        string line = File.ReadLines(Folder["study/study.md"])
            .Single(text => text.StartsWith("| bound ", StringComparison.Ordinal));
        Assert.Contains($"| {Percent(bound[0])} {Percent(bound[1])} |", line);
        XElement page = XDocument.Parse(File.ReadAllText(Folder["study/study.html"])).Root!;
        Assert.Contains($"bound, seed 2: {Percent(bound[1])}", page.Descendants("title").Select(title => title.Value));
        Assert.AreEqual(
            2 * 2,
            page.Descendants("circle")
                .Count(dot => dot.Element("title")!.Value.Contains(", seed ", StringComparison.Ordinal)));

        ToolResult again = Run(Folder, Folder["study.json"], "--json");
        Assert.AreEqual(0, again.ExitCode, again.Error);
        Assert.Contains("0 of 4 runs to do", again.Error);
        Assert.AreEqual(result.Output, again.Output);
    }

    [TestMethod]
    public void AStudyKilledInMidGridEndsWithTheNumbersOfOneThatWasNot()
    {
        string study = Write(Folder, Rows, "training.epochs=20");
        ToolResult whole = Run(Folder, study, "--json");
        Assert.AreEqual(0, whole.ExitCode, whole.Error);
        Directory.Move(Folder["study"], Folder["whole"]);
        using (Process process = Start(Folder, study))
        {
            process.WaitFor("bound, seed 1: epoch 2:");
            process.Kill();
            process.WaitForExit();
        }
        ToolResult resumed = Run(Folder, study, "--json");
        Assert.AreEqual(0, resumed.ExitCode, resumed.Error);
        Assert.Contains("bound, seed 1: goes on", resumed.Error);
        CollectionAssert.AreEqual(Results(whole), Results(resumed));
    }

    [TestMethod]
    public void ASignalStopsTheRunsWithACheckpoint()
    {
        string study = Write(Folder, Rows, "training.epochs=100000");
        using Process process = Start(Folder, study);
        process.WaitFor("bound, seed 1: epoch 1:");
        using Process kill = Process.Start("kill", ["-TERM", process.Id.ToString(CultureInfo.InvariantCulture)]);
        ToolResult result = process.Finish();
        Assert.AreEqual(130, result.ExitCode, result.Error);
        Assert.Contains("bound, seed 1: stopped", result.Error);
        Assert.Contains("the same command goes on", result.Error);
        Assert.IsNotEmpty(Directory.GetDirectories(Folder["study/runs/bound/seed-1/checkpoints"]));
    }

    [TestMethod]
    public void ARowThatFailsIsNamedAndTheOthersGoOn()
    {
        const string odd = """{ "name": "odd", "recipe": "tiny.json", "set": ["data.extents=[7,7]"] },""";
        ToolResult result = Run(Folder, Write(Folder, odd + Rows), "--json");
        Assert.AreEqual(1, result.ExitCode);
        Assert.Contains("odd, seed 1: failed: error: 'stages.1.down' halves the extents", result.Error);
        Assert.Contains("2 of 6 runs failed", result.LastError);
        CollectionAssert.AreEqual(
            new[] { 0, 2, 2 },
            result.Json.GetProperty("rows").EnumerateArray().Select(row => row.GetProperty("runs").GetArrayLength())
                .ToArray());
        Assert.AreEqual(2, result.Json.GetProperty("failures").GetArrayLength());
    }

    [TestMethod]
    public void ARowThatChangedIsTrainedAnewBesideItsOldRuns()
    {
        Assert.AreEqual(0, Run(Folder, Write(Folder, Rows)).ExitCode);
        string before = File.ReadAllText(Folder["study/runs/free/seed-1/metrics.jsonl"]);
        ToolResult changed = Run(
            Folder,
            Write(Folder, Rows.Replace("mode=none", "mode=none\", \"training.epochs=1", StringComparison.Ordinal)),
            "--json");
        Assert.AreEqual(0, changed.ExitCode, changed.Error);
        Assert.Contains("free: its recipe differs from its runs so far", changed.Error);
        Assert.Contains("2 of 4 runs to do", changed.Error);
        Assert.AreEqual(before, File.ReadAllText(Folder["study/runs/free/seed-1/metrics.jsonl"]));
        Assert.IsTrue(File.Exists(Folder["study/runs/free-2/seed-2/run.json"]));
        ToolResult back = Run(Folder, Write(Folder, Rows));
        Assert.Contains("0 of 4 runs to do", back.Error);
    }

    [TestMethod]
    [DataRow("""{ "name": "s", "rows": [] }""", "rows is empty")]
    [DataRow("""{ "name": "s", "row": [] }""", "row is unknown; a study has name, description")]
    [DataRow(
        """{ "name": "s", "rows": [{ "name": "a", "recip": "b" }] }""",
        "rows.0.recip is unknown; rows.0 has name, recipe, set")]
    [DataRow("""{ "name": "s", "rows": [{ "name": "a/b", "recipe": "tiny.json" }] }""", "rows.0.name is 'a/b'")]
    [DataRow("""{ "name": "..", "rows": [{ "name": "a", "recipe": "tiny.json" }] }""", "name is '..'")]
    [DataRow(
        """{ "name": "s", "seeds": [1, -1], "rows": [{ "name": "a", "recipe": "tiny.json" }] }""",
        "seeds.1 is -1; use a whole number")]
    [DataRow(
        """{ "name": "s", "seeds": [1, 1], "rows": [{ "name": "a", "recipe": "tiny.json" }] }""", "every seed once")]
    [DataRow(
        """{ "name": "s", "reference": "b", "rows": [{ "name": "a", "recipe": "tiny.json" }] }""",
        "reference is 'b', which is no row; use one of a")]
    [DataRow(
        """{ "name": "s", "rows": [{ "name": "a", "recipe": "tiny.json" }, { "name": "a", "recipe": "tiny.json" }] }""",
        "rows.1.name is 'a', as in an earlier row")]
    [DataRow(
        """{ "name": "s", "rows": [{ "name": "a", "recipe": "tiny.json", "set": ["training.seed=3"] }] }""",
        "rows.0.set has training.seed")]
    [DataRow(
        """{ "name": "s", "rows": [{ "name": "a", "recipe": "nosuch" }] }""",
        "rows.0 ('a'): There is no recipe and no file 'nosuch'")]
    [DataRow(
        """{ "name": "s", "set": ["training.epoch=1"], "rows": [{ "name": "a", "recipe": "tiny.json" }] }""",
        "training.epoch is unknown")]
    [DataRow("""{ "name": "s", """, "is not JSON in line 1")]
    public void AMistakeIsNamedBeforeAnythingIsTrained(string json, string named)
    {
        Tool.WriteTinyRecipe(Folder);
        File.WriteAllText(Folder["study.json"], json);
        Run(Folder, Folder["study.json"]).AssertFails(named, "study.json");
        Assert.IsFalse(Directory.Exists(Folder["study"]));
    }

    private static int[] Seeds => [1, 2];

    private static string Write(TemporaryFolder folder, string rows, params string[] set)
    {
        Tool.WriteTinyRecipe(folder);
        string overrides = JsonSerializer.Serialize(set);
        string text = $$"""
            { "name": "grid", /* as in recipes */ "reference": "free", "seeds": [1, 2], "set": {{overrides}},
              "rows": [{{rows}}] }
            """;
        File.WriteAllText(folder["study.json"], text);
        return folder["study.json"];
    }

    private static string[] Arguments(TemporaryFolder folder, string study) =>
        ["study", study, "--output", folder["study"], "--threads", "1"];

    private static ToolResult Run(TemporaryFolder folder, string study, params string[] more) =>
        Tool.Run([.. Arguments(folder, study), .. more]);

    private static Process Start(TemporaryFolder folder, string study) =>
        ToolProcess.Start(null, Arguments(folder, study));

    // Of every run, row by row, what does not depend on the clock.
    private static string[] Results(ToolResult result) =>
    [
        .. from row in result.Json.GetProperty("rows").EnumerateArray()
           from run in row.GetProperty("runs").EnumerateArray()
           let figures = run.GetProperty("figures")
           from member in (JsonElement[])
           [
               figures.GetProperty("test"), figures.GetProperty("epochs"), figures.GetProperty("worstEvaluations"),
               figures.GetProperty("meanContraction"),
               run.GetProperty("inspection"),
           ]
           select member.GetRawText(),
    ];

    private static IEnumerable<JsonElement> Lines(TemporaryFolder folder, string row, int seed, string type) =>
        File.ReadLines(folder[$"study/runs/{row}/seed-{seed}/metrics.jsonl"])
            .Select(line => JsonDocument.Parse(line).RootElement)
            .Where(line => line.GetProperty("type").ValueEquals(type));

    private static double LastEvaluation(TemporaryFolder folder, string row, int seed) =>
        Lines(folder, row, seed, "evaluation").Last().GetProperty("top1").GetDouble();

    private static IEnumerable<double> Values(JsonElement line, string name) =>
        line.GetProperty(name).EnumerateArray().Where(value => value.ValueKind == JsonValueKind.Number)
            .Select(value => value.GetDouble());

    private static string Percent(double fraction) => (100 * fraction).ToString("0.00", CultureInfo.InvariantCulture);
}
