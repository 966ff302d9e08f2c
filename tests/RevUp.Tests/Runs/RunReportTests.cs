using RevUp.Cli.Output;

namespace RevUp.Tests.Runs;

[TestClass]
public sealed class RunReportTests : FolderTest
{
    private static readonly string[] Blocks = ["stages.0.blocks.0", "stages.1.blocks.0"];

    [TestMethod]
    public void RowsAreMeansAndWorstsOfEachEpoch()
    {
        using (MetricsLog log = new(Folder[MetricsLog.FileName], lastStep: 0))
        {
            log.Step(1, epoch: 0, new StepResult(2, 0.25, 1, 0.1), 10, 0, [Record(2, 0.01), Record(4, 0.02)]);
            log.Step(
                2, epoch: 0, new StepResult(1, 0.5, 1, 0.1), 20, 0,
                [Record(3, 0.03), Record(5, 0.01) with { Replayed = true }]);
            log.Evaluation(2, epoch: 0, new EvaluationResult(0.625, 0.75, 8));
            log.Step(3, epoch: 1, new StepResult(0.5, 0.75, 1, 0.1), 30, 0, [Record(1, 0.001), Record(1, 0.002)]);
        }
        RunReport.Write(Folder.Path, SmallRecipe.Create(), Blocks);
        string[] expected =
        [
            "# small", "", "Three blocks on synthetic images", "",
            "| epoch | steps | training loss | training top-1 % | test loss | test top-1 % "
                + "| test balanced accuracy % | test AUC | ms a step | mean k | worst k | worst residual | replays |",
            "|---|---|---|---|---|---|---|---|---|---|---|---|---|",
            "| 1 | 2 | 1.5000 | 37.50 | 0.7500 | 62.50 | – | – | 15.0 | 3.50 | 5 | 3.0e-2 | 1 |",
            "| 2 | 1 | 0.5000 | 75.00 | – | – | – | – | 30.0 | 1.00 | 1 | 2.0e-3 | 0 |",
            "", "## Mean branch evaluations k of each block", "",
            "| block | epoch 1 | epoch 2 |", "|---|---|---|", "| stages.0.blocks.0 | 2.50 | 1.00 |",
            "| stages.1.blocks.0 | 4.50 | 1.00 |",
        ];
        CollectionAssert.AreEqual(expected, File.ReadAllLines(Folder[RunReport.FileName]));
    }

    [TestMethod]
    public void CoefficientsOfTheirOwnAreThoseOfTheEndAndContractionsAreMeansOfWhatWasMeasured()
    {
        InversionRecord unmeasured = Record(1, 0.001) with { Contraction = double.NaN };
        using (MetricsLog log = new(Folder[MetricsLog.FileName], lastStep: 0))
        {
            log.Step(
                1, epoch: 0, new StepResult(2, 0.25, 1, 0.1), 10, 0,
                [Record(2, 0.01) with { Contraction = 0.25 }, unmeasured], [0.95f, 0.9f]);
            log.Step(2, epoch: 0, new StepResult(1, 0.5, 1, 0.1), 20, 0, [Record(3, 0.03), unmeasured], [1.25f, 0.9f]);
        }
        RunReport.Write(Folder.Path, SmallRecipe.Create(), Blocks);
        string[] expected =
        [
            "## Lipschitz coefficient c of each block at the end", "",
            "| block | epoch 1 |", "|---|---|", "| stages.0.blocks.0 | 1.25 |", "| stages.1.blocks.0 | 0.90 |",
            "", "## Mean measured contraction of each block", "",
            "| block | epoch 1 |", "|---|---|", "| stages.0.blocks.0 | 0.38 |", "| stages.1.blocks.0 | – |",
        ];
        CollectionAssert.AreEqual(expected, File.ReadAllLines(Folder[RunReport.FileName])[^expected.Length..]);
    }

    [TestMethod]
    public void ARunEndsWithAReportOfAllItsEpochsAndBlocks()
    {
        TestRuns.StopAfter(8, SmallRecipe.Create(), Folder["run"]);
        TestRuns.Finish(SmallRecipe.Create(), Folder["run"], resume: true);
        string[] lines = File.ReadAllLines(Folder["run/report.md"]);
        foreach (string row in
            new[]
            {
                "| 1 | 6 |",
                "| 2 | 6 |",
                "| stages.0.blocks.0 |",
                "| stages.0.blocks.1 |",
                "| stages.1.blocks.0 |",
            })
        {
            Assert.AreEqual(1, lines.Count(line => line.StartsWith(row, StringComparison.Ordinal)), row);
        }
        Assert.IsFalse(lines.Any(line => line.Contains("NaN", StringComparison.Ordinal) || line.Contains('–')));
        Assert.AreEqual(RecipeFile.Serialize(SmallRecipe.Create()), File.ReadAllText(Folder["run/recipe.json"]));
    }

    [TestMethod]
    public void ARunReportsItsClassesAndHowLongItWaitedForData()
    {
        (byte[] pixels, byte[] labels) = (new byte[48 * 64], [.. Enumerable.Range(0, 48).Select(i => (byte)(i % 4))]);
        using MemoryDataset test = new(pixels, labels, new Shape(1, 8, 8, 1), ["a|b", "c", "d", "e"]);
        using ManualResetEventSlim never = new();
        // A wait in place of a slow decoder.
        using HookedDataset slow = new(test, _ => never.Wait(TimeSpan.FromMilliseconds(2)));
        using CpuBackend backend = TestRuns.Backend();
        Recipe recipe = SmallRecipe.Create("data.dataset=custom", "data.trainingSamples=0");
        using TrainingRun run = new(backend, recipe, Folder["run"], resume: false, slow, test);
        RunSummary summary = run.Run(progress: null, CancellationToken.None);

        Assert.IsGreaterThan(0, summary.DataWaitShare);
        Assert.IsLessThanOrEqualTo(1, summary.DataWaitShare);
        Assert.AreEqual(summary.DataWaitShare, RunRecord.Read(Folder["run"])!.DataWaitShare);
        Assert.AreEqual(summary.DataWaitShare, TrainDocument.From(summary).DataWaitShare);
        string[] lines = File.ReadAllLines(Folder["run/report.md"]);
        string percent = (100 * summary.DataWaitShare).ToString("F2", CultureInfo.InvariantCulture);
        Assert.HasCount(1, lines.Where(line => line.EndsWith($"Training waited for data in {percent} % of its time.")));
        int heading = Array.IndexOf(lines, "## Classes of the test part");
        Assert.AreEqual("| class | samples | recall % | as a\\|b | as c | as d | as e |", lines[heading + 2]);
        IReadOnlyList<IReadOnlyList<int>> confusion = summary.Evaluation.Confusion;
        string recall = (100 * summary.Evaluation.Recall[0]).ToString("F2", CultureInfo.InvariantCulture);
        Assert.AreEqual($"| a\\|b | 12 | {recall} | {string.Join(" | ", confusion[0])} |", lines[heading + 4]);
    }

    [TestMethod]
    public void TheShareOfWaitingIsOfTheTimeOfAllEpochs()
    {
        RunMeter meter = new();
        Assert.AreEqual(0, meter.DataWaitShare);
        meter.AddEpoch(TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(1));
        meter.AddEpoch(TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(1));
        Assert.AreEqual(0.25, meter.DataWaitShare, 1e-12);
    }

    private static InversionRecord Record(int evaluations, double residual) =>
        new(evaluations, residual, Contraction: 0.5, Converged: true, Replayed: false);
}
