using System.Text.Json.Nodes;

namespace RevUp.Tests.Runs;

/// <summary>
/// The validation part chooses the checkpoint, and the test part is read once, at the end.
/// </summary>
[TestClass]
public sealed class ThreePartsTests : FolderTest
{
    private static readonly string[] s_held =
        ["data.validationSamples=16", "data.trainingSamples=32", "training.epochs=4", "training.keepCheckpoints=1"];

    [TestMethod]
    public void EpochsAreValidatedAndTheTestPartIsReadOnce()
    {
        RunSummary summary = Train(Folder["run"], s_held);
        JsonObject[] evaluations = Evaluations(Folder["run"]);

        string[] parts = [.. evaluations.Select(line => (string)line["part"]!)];
        CollectionAssert.AreEqual(
            (string[])["validation", "validation", "validation", "validation", "test"], parts);
        Assert.AreEqual(DatasetSplit.Test, summary.Evaluation.Part);
        Assert.AreEqual(256, summary.Evaluation.Samples);
        Assert.AreEqual(16, summary.Validation!.Value.Samples);
        double[] losses = [.. evaluations[..4].Select(line => (double)line["loss"]!)];
        double[] top1 = [.. evaluations[..4].Select(line => (double)line["top1"]!)];
        int best = Enumerable.Range(0, 4).OrderByDescending(i => top1[i]).ThenBy(i => losses[i]).First();
        Assert.AreEqual((best + 1) * 4L, summary.ChosenStep);
    }

    [TestMethod]
    [DataRow("top1")]
    [DataRow("loss")]
    [DataRow("balancedAccuracy")]
    [DataRow("auc")]
    public void TheResultIsThatOfTheChosenCheckpoint(string measure)
    {
        // A learning rate that grows to its end: the last epoch is not the best.
        string[] overrides =
            [$"training.chooseBy={measure}", "training.optimizer.learningRate=2", "training.schedule.kind=constant"];
        RunSummary summary = Train(Folder["run"], [.. s_held, .. overrides]);
        using CpuBackend backend = TestRuns.Backend();
        using LoadedCheckpoint loaded = Checkpoint.Load(backend, Folder["run"]);
        Assert.AreEqual(summary.ChosenStep, loaded.Step, "a run's folder stands for the chosen one");

        using ImageDataset test = loaded.OpenData(null);
        EvaluationResult again = Evaluator.Evaluate(
            loaded.Network, test, loaded.Normalization, loaded.Recipe.EvaluationBatches);
        Assert.AreEqual(summary.Evaluation, again);

        JsonObject[] validations = [.. Evaluations(Folder["run"]).Where(line => (string)line["part"]! == "validation")];
        double[] scores = [.. validations.Select(line => (double)line[measure]! * (measure == "loss" ? -1 : 1))];
        Assert.AreEqual(scores.Max(), scores[(int)(summary.ChosenStep!.Value / 4) - 1]);
    }

    [TestMethod]
    public void TheChosenCheckpointOutlivesNewerOnes()
    {
        CheckpointFolder checkpoints = new(Folder["checkpoints"], keep: 1);
        checkpoints.Save(1, Write);
        checkpoints.Choose(1);
        checkpoints.Save(2, Write);
        checkpoints.Save(3, Write);
        Assert.AreEqual(1, checkpoints.Chosen()!.Step);
        Assert.AreEqual(3, checkpoints.Latest()!.Step);
        Assert.IsFalse(checkpoints.Has(2));

        checkpoints.Choose(3);
        checkpoints.Save(4, Write);
        Assert.IsFalse(checkpoints.Has(1));
        Assert.IsTrue(checkpoints.Has(3));
        checkpoints.Choose(null);
        Assert.IsNull(checkpoints.Chosen());

        static void Write(string into) => File.WriteAllText(Path.Combine(into, "weights"), "1");
    }

    [TestMethod]
    public void AResumedRunChoosesAndEndsAlike()
    {
        RunSummary whole = Train(Folder["whole"], s_held);
        using (CpuBackend backend = TestRuns.Backend())
        using (TrainingRun run = new(backend, SmallRecipe.Create(s_held), Folder["run"], resume: false))
        using (CancellationTokenSource stop = new())
        {
            RunSummary stopped = run.Run(
                progress =>
                {
                    if (progress.Step == 9)
                    {
                        stop.Cancel();
                    }
                },
                stop.Token);
            Assert.IsTrue(stopped.Interrupted);
            Assert.AreEqual(DatasetSplit.Validation, stopped.Evaluation.Part, "the test part was not read yet");
        }
        RunSummary resumed = Train(Folder["run"], s_held, resume: true);

        Assert.AreEqual(whole.Evaluation, resumed.Evaluation);
        Assert.AreEqual(whole.ChosenStep, resumed.ChosenStep);
        Assert.HasCount(5, Evaluations(Folder["run"]));

        Train(Folder["run"], s_held, resume: true);
        Assert.HasCount(5, Evaluations(Folder["run"]), "a run that is complete reads nothing again");
    }

    [TestMethod]
    public void HeldOutSamplesAreNotTrainedOn()
    {
        DataSettings settings = SmallRecipe.Create(s_held).Data;
        using ImageDataset whole = Datasets.Open(
            settings with { ValidationSamples = 0, TrainingSamples = 48 }, DatasetSplit.Train);
        using ImageDataset train = Datasets.Open(settings, DatasetSplit.Train);
        using ImageDataset validation = Datasets.Open(settings, DatasetSplit.Validation);

        string[] names = [.. Names(train), .. Names(validation)];
        CollectionAssert.AreEquivalent(Names(whole).ToArray(), names);
        Assert.HasCount(16, Names(validation).ToArray());

        static IEnumerable<string> Names(ImageDataset data) => Enumerable.Range(0, data.Count).Select(data.Name);
    }

    [TestMethod]
    public void MoreThanThereAreCannotBeHeldOut()
    {
        DataSettings settings = new() { Dataset = DatasetKind.FashionMnist, ValidationSamples = 60_000 };
        Assert.Refuses<ConfigurationException>(
            () => Datasets.Open(settings, DatasetSplit.Train),
            "data.validationSamples is 60000, but the training set has 60000; hold out fewer");
    }

    [TestMethod]
    public void WithoutAValidationPartEpochsAreTestedAsBefore()
    {
        RunSummary summary = Train(Folder["run"], []);
        CollectionAssert.AreEqual(
            (string[])["test", "test"], Evaluations(Folder["run"]).Select(line => (string)line["part"]!).ToArray());
        Assert.IsNull(summary.ChosenStep);
        Assert.IsFalse(File.Exists(Folder["run/checkpoints/chosen"]));
    }

    [TestMethod]
    public void DatasetsOfAProgramMayHaveThreeParts()
    {
        Recipe recipe = SmallRecipe.Create();
        using ImageDataset train = Datasets.Open(recipe.Data, DatasetSplit.Train);
        using ImageDataset test = Datasets.Open(recipe.Data, DatasetSplit.Test);
        using ImageDataset validation = Datasets.Open(recipe.Data, DatasetSplit.Train);
        using CpuBackend backend = TestRuns.Backend();
        using TrainingRun run = new(backend, recipe, Folder["run"], resume: false, train, test, validation);
        RunSummary summary = run.Run(null, CancellationToken.None);
        Assert.AreEqual(48, summary.Validation!.Value.Samples);
        Assert.AreEqual(256, summary.Evaluation.Samples);
    }

    private static RunSummary Train(string folder, string[] overrides, bool resume = false)
    {
        using CpuBackend backend = TestRuns.Backend();
        using TrainingRun run = new(backend, SmallRecipe.Create(overrides), folder, resume);
        return run.Run(null, CancellationToken.None);
    }

    private static JsonObject[] Evaluations(string folder) =>
    [
        .. File.ReadLines(Path.Combine(folder, "metrics.jsonl")).Select(line => JsonNode.Parse(line)!.AsObject())
            .Where(line => (string)line["type"]! == "evaluation"),
    ];
}
