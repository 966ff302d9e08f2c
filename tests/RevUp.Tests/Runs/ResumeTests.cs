namespace RevUp.Tests.Runs;

/// <summary>However a run of twelve steps came to its end, it ends with the same bits.</summary>
[TestClass]
public sealed class ResumeTests : FolderTest
{
    [TestMethod]
    [DataRow(4, DisplayName = "in mid-epoch")]
    [DataRow(SmallRecipe.StepsPerEpoch, DisplayName = "between epochs")]
    [DataRow(4, "training.batchSize=4", "training.accumulate=2", DisplayName = "with accumulation")]
    [DataRow(7, "training.optimizer.kind=adamW", "training.optimizer.learningRate=0.01", DisplayName = "AdamW")]
    [DataRow(
        9, "model.lipschitz.mode=perLayer", "model.activation=elu", "training.clipNorm=0.5",
        DisplayName = "per layer, clipped")]
    [DataRow(5, "model.lipschitz.mode=adaptive", "training.optimizer.learningRate=0.5", DisplayName = "adaptive")]
    [DataRow(
        4, "model.block=residual", "model.normalization=batchNorm", "reversible.policy=checkpoint",
        DisplayName = "ResNet with batch normalisation")]
    [DataRow(7, "model.block=coupling", "model.normalization=batchNorm", DisplayName = "RevNet")]
    [DataRow(4, "training.emaDecay=0.9", DisplayName = "with an average of the weights")]
    [DataRow(
        7, "training.emaDecay=0.9", "model.block=residual", "model.normalization=batchNorm",
        "reversible.policy=checkpoint", DisplayName = "with an average, ResNet")]
    [DataRow(7, "training.epochs=4", "training.steps=12", DisplayName = "a number of steps")]
    public void InterruptedAndResumedIsUninterrupted(int step, params string[] overrides)
    {
        Recipe recipe = SmallRecipe.Create(overrides);
        RunSummary whole = TestRuns.Finish(recipe, Folder["whole"]);
        Assert.AreEqual(SmallRecipe.Steps, whole.Step);
        Assert.IsFalse(whole.Interrupted);

        RunSummary first = TestRuns.StopAfter(step, recipe, Folder["parts"]);
        Assert.IsTrue(first.Interrupted);
        Assert.AreEqual(step, first.Step);
        Assert.AreEqual(TestRuns.Newest(Folder["parts"]).Path, first.Checkpoint);
        RunSummary second = TestRuns.Finish(recipe, Folder["parts"], resume: true);

        Assert.AreEqual(whole.Evaluation, second.Evaluation);
        TestRuns.AssertSameState(Folder["whole"], Folder["parts"]);
        CollectionAssert.AreEqual(TestRuns.Metrics(Folder["whole"]), TestRuns.Metrics(Folder["parts"]));
    }

    [TestMethod]
    public void AnyNumberOfInterruptionsChangesNothing()
    {
        Recipe recipe = SmallRecipe.Create();
        TestRuns.Finish(recipe, Folder["whole"]);
        for (int step = 1; step < SmallRecipe.Steps; step += 2)
        {
            TestRuns.StopAfter(step, recipe, Folder["parts"], resume: true);
        }
        TestRuns.Finish(recipe, Folder["parts"], resume: true);
        TestRuns.AssertSameState(Folder["whole"], Folder["parts"]);
        CollectionAssert.AreEqual(TestRuns.Metrics(Folder["whole"]), TestRuns.Metrics(Folder["parts"]));
    }

    [TestMethod]
    [DataRow(2, DisplayName = "before the first checkpoint")]
    [DataRow(SmallRecipe.StepsPerEpoch + 1, DisplayName = "after an epoch's checkpoint")]
    [DataRow(8, DisplayName = "while a checkpoint was due")]
    [DataRow(10, DisplayName = "between checkpoints")]
    [DataRow(SmallRecipe.Steps, DisplayName = "after the last step")]
    public void KilledAndResumedIsUninterrupted(int step)
    {
        Recipe recipe = SmallRecipe.Create("training.checkpointEverySteps=4");
        TestRuns.Finish(recipe, Folder["whole"]);
        TestRuns.KillAfter(step, recipe, Folder["killed"]);
        TestRuns.Finish(recipe, Folder["killed"], resume: true);
        TestRuns.AssertSameState(Folder["whole"], Folder["killed"]);
        CollectionAssert.AreEqual(TestRuns.Metrics(Folder["whole"]), TestRuns.Metrics(Folder["killed"]));
    }

    [TestMethod]
    public void AnEvaluationThatAKillPreventedIsMadeUpFor()
    {
        Recipe recipe = SmallRecipe.Create();
        TestRuns.Finish(recipe, Folder["whole"]);
        TestRuns.KillAfter(SmallRecipe.StepsPerEpoch + 1, recipe, Folder["killed"]);
        Assert.AreEqual(SmallRecipe.StepsPerEpoch, TestRuns.Newest(Folder["killed"]).Step);
        // As if the kill had come between the epoch's checkpoint and its evaluation, in the middle
        // of a line.
        string[] steps = [.. File.ReadAllLines(Folder["killed/metrics.jsonl"]).Where(
            line => line.Contains("\"step\",", StringComparison.Ordinal))];
        Assert.HasCount(SmallRecipe.StepsPerEpoch + 1, steps);
        File.WriteAllText(Folder["killed/metrics.jsonl"], string.Join('\n', steps[..^1]) + '\n' + steps[^1][..20]);
        TestRuns.Finish(recipe, Folder["killed"], resume: true);
        CollectionAssert.AreEqual(TestRuns.Metrics(Folder["whole"]), TestRuns.Metrics(Folder["killed"]));
    }

    [TestMethod]
    [DataRow(TestRuns.Model)]
    [DataRow(TestRuns.Optimizer)]
    [DataRow("checkpoint.json")]
    public void ADamagedCheckpointIsPassedOverForTheOneBefore(string file)
    {
        Recipe recipe = SmallRecipe.Create("training.checkpointEverySteps=4");
        TestRuns.Finish(recipe, Folder["whole"]);
        RunSummary stopped = TestRuns.StopAfter(10, recipe, Folder["damaged"]);
        TestRuns.Damage(Path.Combine(stopped.Checkpoint, file));
        Assert.AreEqual(8, TestRuns.Newest(Folder["damaged"]).Step);
        TestRuns.Finish(recipe, Folder["damaged"], resume: true);
        TestRuns.AssertSameState(Folder["whole"], Folder["damaged"]);
    }

    [TestMethod]
    public void WhenAllCheckpointsAreDamagedTheRunDoesNotSilentlyStartAgain()
    {
        Recipe recipe = SmallRecipe.Create("training.keepCheckpoints=1");
        RunSummary stopped = TestRuns.StopAfter(4, recipe, Folder["run"]);
        TestRuns.Damage(Path.Combine(stopped.Checkpoint, TestRuns.Model));
        Assert.Refuses<CheckpointException>(
            () => TestRuns.Finish(recipe, Folder["run"], resume: true),
            "the content of model.safetensors has changed", "another folder");
    }

    [TestMethod]
    public void AFinishedRunStaysAsItIs()
    {
        Recipe recipe = SmallRecipe.Create();
        RunSummary first = TestRuns.Finish(recipe, Folder["run"]);
        string[] metrics = TestRuns.Metrics(Folder["run"]);
        RunSummary again = TestRuns.Finish(recipe, Folder["run"], resume: true);
        Assert.AreEqual(
            (first.Step, first.Evaluation, first.Checkpoint), (again.Step, again.Evaluation, again.Checkpoint));
        CollectionAssert.AreEqual(metrics, TestRuns.Metrics(Folder["run"]));
    }

    [TestMethod]
    public void ARunStoppedInItsLastStepIsFinishedByAResume()
    {
        RunSummary stopped = TestRuns.StopAfter(SmallRecipe.Steps, SmallRecipe.Create(), Folder["run"]);
        Assert.AreEqual((SmallRecipe.Steps, true), (stopped.Step, stopped.Interrupted));
        List<TrainingProgress> reports = [];
        RunSummary resumed = TestRuns.Train(
            SmallRecipe.Create(), Folder["run"], resume: true, reports.Add, CancellationToken.None);
        Assert.IsFalse(resumed.Interrupted);
        Assert.AreEqual(TestRuns.Finish(SmallRecipe.Create(), Folder["whole"]).Evaluation, resumed.Evaluation);
        Assert.HasCount(1, reports);
        Assert.AreEqual(
            (resumed.Evaluation, TimeSpan.Zero, 0.0),
            (reports[0].Evaluation, reports[0].Remaining, reports[0].ImagesPerSecond));
    }

    [TestMethod]
    public void ARunThatIsShortenedBelowWhatIsDoneEndsAtOnce()
    {
        TestRuns.StopAfter(8, SmallRecipe.Create(), Folder["run"]);
        RunSummary summary = TestRuns.Finish(SmallRecipe.Create("training.epochs=1"), Folder["run"], resume: true);
        Assert.AreEqual(8, summary.Step);
        Assert.IsFalse(summary.Interrupted);
    }

    [TestMethod]
    [DataRow("training.batchSize=4")]
    [DataRow("training.accumulate=2")]
    [DataRow("training.seed=2")]
    [DataRow("data.trainingSamples=40")]
    [DataRow("training.optimizer.kind=adamW")]
    [DataRow("model.activation=elu")]
    public void OtherDataOrAnotherRuleCannotGoOnFromHere(string setting)
    {
        TestRuns.StopAfter(4, SmallRecipe.Create(), Folder["run"]);
        string message = Assert.ThrowsExactly<CheckpointException>(
            () => TestRuns.Finish(SmallRecipe.Create(setting), Folder["run"], resume: true)).Message;
        Assert.Contains($"the run was started with {setting.Split('=')[0]} = ", message);
    }

    [TestMethod]
    public void ARunStoppedBeforeItsFirstStepIsInterruptedWithoutACheckpoint()
    {
        RunSummary summary = TestRuns.Train(
            SmallRecipe.Create(), Folder["run"], resume: false, null, new CancellationToken(canceled: true));
        Assert.IsTrue(summary.Interrupted);
        Assert.AreEqual((0L, "", 0), (summary.Step, summary.Checkpoint, summary.Evaluation.Samples));
        Assert.IsFalse(Directory.Exists(Folder["run/checkpoints"]));
    }
}
