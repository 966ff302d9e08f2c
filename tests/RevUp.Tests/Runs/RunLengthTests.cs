namespace RevUp.Tests.Runs;

/// <summary>
/// Runs of a number of steps: they end within an epoch, and the schedule and the time left know it.
/// </summary>
[TestClass]
public sealed class RunLengthTests : FolderTest
{
    [TestMethod]
    [DataRow(4, 1, 1)]
    [DataRow(SmallRecipe.StepsPerEpoch, 1, 1)]
    [DataRow(SmallRecipe.StepsPerEpoch + 1, 2, 2)]
    [DataRow(SmallRecipe.Steps, 2, 2)]
    [DataRow(1000, 2, 2)]
    public void ARunEndsAfterItsStepsAndIsEvaluatedThere(int steps, int epochs, int evaluations)
    {
        List<TrainingProgress> seen = [];
        Recipe recipe = SmallRecipe.Create($"training.steps={steps}");
        RunSummary summary = TestRuns.Train(recipe, Folder["run"], resume: false, seen.Add, CancellationToken.None);
        int expected = Math.Min(steps, SmallRecipe.Steps);
        Assert.AreEqual(expected, summary.Step);
        Assert.AreEqual(256, summary.Evaluation.Samples);
        TrainingProgress[] evaluated = [.. seen.Where(at => at.Evaluation is not null)];
        Assert.HasCount(evaluations, evaluated);
        Assert.AreEqual((epochs, expected), (evaluated[^1].Epoch, (int)evaluated[^1].Step));
        Assert.IsTrue(seen.All(at => at.Epochs == epochs && at.Steps == expected));
        Assert.IsTrue(seen.SkipLast(1).All(at => at.Remaining > TimeSpan.Zero));
        Assert.AreEqual(TimeSpan.Zero, seen[^1].Remaining);
    }

    /// <summary>
    /// The same steps of a run that is twice as long have other rates, and so other weights.
    /// </summary>
    [TestMethod]
    public void TheScheduleIsThatOfTheStepsNotOfTheEpochs()
    {
        TestRuns.Finish(SmallRecipe.Create("training.epochs=2"), Folder["epochs"]);
        TestRuns.Finish(
            SmallRecipe.Create("training.epochs=4", $"training.steps={SmallRecipe.Steps}"), Folder["steps"]);
        TestRuns.StopAfter(SmallRecipe.Steps, SmallRecipe.Create("training.epochs=4"), Folder["longer"]);
        TestRuns.AssertSameState(Folder["epochs"], Folder["steps"]);
        CollectionAssert.AreNotEqual(
            TestRuns.Bytes(Folder["steps"], TestRuns.Model), TestRuns.Bytes(Folder["longer"], TestRuns.Model));
    }

    [TestMethod]
    public void AnEvaluationSaysHowFarItIs()
    {
        using CpuBackend backend = TestRuns.Backend();
        using TrainingRun run = new(backend, SmallRecipe.Create("training.steps=7"), Folder["run"], resume: false);
        List<EvaluationProgress> seen = [];
        run.Evaluating += seen.Add;
        run.Run(null, CancellationToken.None);
        double[] once = [.. Enumerable.Range(1, 32).Select(batch => batch / 32.0)];
        CollectionAssert.AreEqual(once.Concat(once).ToArray(), seen.Select(at => at.Done).ToArray());
        // One more step and evaluation are to come after the first.
        Assert.IsGreaterThan(TimeSpan.Zero, seen[31].Remaining);
        Assert.AreEqual(TimeSpan.Zero, seen[^1].Remaining);
    }
}
