namespace RevUp.Tests.Runs;

[TestClass]
public sealed class LearningTests : FolderTest
{
    private const double Chance = 0.25;

    [TestMethod]
    [DataRow("invert")]
    [DataRow("store")]
    public void TrainingLearnsSyntheticImages(string policy)
    {
        List<double> losses = [];
        Recipe recipe = SmallRecipe.Create(
            $"reversible.policy={policy}", "data.trainingSamples=256", "training.epochs=8", "training.batchSize=16");
        RunSummary summary = TestRuns.Train(
            recipe, Folder["run"], resume: false, progress => losses.Add(progress.Loss), CancellationToken.None);
        Assert.AreEqual(Math.Log(4), losses[0], 1e-6, "Fixup's classifier starts at zero");
        Assert.IsLessThan(0.5 * losses[0], summary.Evaluation.Loss);
        Assert.IsGreaterThan(3 * Chance, summary.Evaluation.Top1);
        Assert.AreEqual(256, summary.Evaluation.Samples);
        Assert.AreEqual(0, summary.Replays);
        Assert.IsLessThanOrEqualTo(recipe.Reversible.Inversion.HardLimit, summary.MaxInversionResidual);
        Assert.AreEqual(policy == "invert", summary.MeanEvaluations >= 1);
    }

    [TestMethod]
    public void LabelSmoothingMovesMassFromTheClassToAll()
    {
        // Six samples of the classes 0 1 2 3 0 1 in one step: frequencies 1/3 1/3 1/6 1/6. From
        // zero logits the bias moves by lr · (mean target − 1/4) = (1 − ε) · (frequency − 1/4).
        Recipe recipe = SmallRecipe.Create(
            "data.trainingSamples=6", "training.batchSize=6", "training.epochs=1", "training.labelSmoothing=0.4",
            "training.schedule.kind=constant",
            "training.schedule.warmupSteps=0",
            """training.optimizer={"learningRate":1,"momentum":0,"weightDecay":0}""");
        using CpuBackend backend = TestRuns.Backend();
        using TrainingRun run = new(backend, recipe, Folder["run"], resume: false);
        run.Run(null, CancellationToken.None);
        float[] bias = new float[4];
        backend.Download<float>(run.Network.Parameters.Parameters.Single(p => p.Name == "head.bias").Value, bias);
        foreach ((float actual, double expected) in bias.Zip([0.05, 0.05, -0.05, -0.05]))
        {
            Assert.AreEqual(expected, actual, 1e-7);
        }
    }

    [TestMethod]
    public void ABatchLargerThanTheDataIsRefused()
    {
        Recipe recipe = SmallRecipe.Create("training.accumulate=7");
        string message = Assert.ThrowsExactly<ConfigurationException>(
            () => TestRuns.Finish(recipe, Folder["run"])).Message;
        Assert.AreEqual(
            "training.batchSize is 8 and training.accumulate 7, but the training set has only 48 samples; use a "
            + "smaller batch.",
            message);
    }
}
