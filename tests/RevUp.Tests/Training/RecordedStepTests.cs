namespace RevUp.Tests.Training;

/// <summary>
/// Steps recorded as CUDA graphs: the same bits, recorded again when they must be and not
/// otherwise.
/// </summary>
[TestClass]
public sealed class RecordedStepTests
{
    private static readonly TestDevice s_cuda = TestDevice.All.Single(device => device.ToString() == "cuda");

    private static readonly InversionSettings s_loose = new() { Tolerance = 1e-3 };

    [TestMethod]
    [DataRow(TestModel.Squeeze, MemoryPolicy.Invert, OptimizerKind.Sgd)]
    [DataRow(TestModel.ImageNet, MemoryPolicy.Invert, OptimizerKind.AdamW)]
    [DataRow(TestModel.Volume, MemoryPolicy.Invert, OptimizerKind.Sgd)]
    [DataRow(TestModel.Adaptive, MemoryPolicy.Invert, OptimizerKind.Sgd)]
    [DataRow(TestModel.Leading, MemoryPolicy.Invert, OptimizerKind.Sgd)]
    [DataRow(TestModel.Bottleneck, MemoryPolicy.Checkpoint, OptimizerKind.Sgd)]
    [DataRow(TestModel.Bottleneck, MemoryPolicy.Invert, OptimizerKind.Muon)]
    [DataRow(TestModel.Squeeze, MemoryPolicy.Compress, OptimizerKind.Sgd)]
    [DataRow(TestModel.Chain, MemoryPolicy.Store, OptimizerKind.AdamW)]
    [DataRow(TestModel.Squeeze, MemoryPolicy.Invert, OptimizerKind.Sgd, EvaluationPrecision.Mixed)]
    public void AGraphChangesNoBit(
        string model, MemoryPolicy policy, OptimizerKind kind,
        EvaluationPrecision evaluations = EvaluationPrecision.Full)
    {
        const int Steps = 12;
        using TestNetwork plain = Network(model, policy, kind, graph: false, evaluations);
        using TestNetwork recorded = Network(model, policy, kind, graph: true, evaluations);
        CollectionAssert.AreEqual(plain.Train(Steps, Schedule), recorded.Train(Steps, Schedule));
        CollectionAssert.AreEqual(plain.TrainingState(), recorded.TrainingState());
        CollectionAssert.AreEqual(plain.Engine.Records.ToArray(), recorded.Engine.Records.ToArray());
        Assert.IsGreaterThan(0, recorded.Step.Recordings);
        Assert.AreEqual(0, plain.Step.Recordings);

        static double Schedule(int step) => 1 / (1 + 0.1 * step);
    }

    /// <summary>
    /// The settings of the optimiser, pixels and targets are copied, the graph launched, and
    /// nothing else.
    /// </summary>
    [TestMethod]
    public void AReplayedStepIsFourSubmissions()
    {
        using TestNetwork network = Network(TestModel.Squeeze, MemoryPolicy.Store, OptimizerKind.Sgd, graph: true);
        network.Train(4);
        (float[] pixels, float[] targets) = network.Data(4);
        long submissions = CudaCounters.Submissions, waits = CudaCounters.Waits;
        network.Step.Run(pixels, targets, 1);
        Assert.AreEqual(4, CudaCounters.Submissions - submissions);
        Assert.AreEqual(1, CudaCounters.Waits - waits);
        Assert.AreEqual(1, network.Step.Recordings);
    }

    [TestMethod]
    public void ItIsRecordedAgainWhenKChangesAndNotOtherwise()
    {
        const int Settled = 3, Steps = 18;
        using TestNetwork network = Network(TestModel.Squeeze, MemoryPolicy.Invert, OptimizerKind.Sgd, graph: true);
        EvaluationPlan plan = network.Engine.Inverter.Plan;
        network.Train(Settled);
        (long version, int changes) = (plan.Version, 0);
        network.Train(1);
        Assert.IsGreaterThan(0, network.Step.Recordings);
        for (int step = Settled + 1; step < Steps; step++)
        {
            (long expected, int change) = (network.Step.Recordings, version == plan.Version ? 0 : 1);
            version = plan.Version;
            changes += change;
            network.Train(1);
            Assert.AreEqual(expected + change, network.Step.Recordings, $"step {step}");
        }
        Assert.AreEqual(0, network.Engine.Replays);
        Assert.IsInRange(
            1, Steps - Settled - 2, changes,
            "k must change in some steps and stay in others, or the case tests nothing");
    }

    [TestMethod]
    public void WhatAGraphStandsOnIsLookedAtBeforeItIsReplayed()
    {
        using TestNetwork plain = Network(TestModel.Squeeze, MemoryPolicy.Store, OptimizerKind.Sgd, graph: false);
        using TestNetwork recorded = Network(TestModel.Squeeze, MemoryPolicy.Store, OptimizerKind.Sgd, graph: true);
        foreach (TestNetwork network in (TestNetwork[])[plain, recorded])
        {
            network.Train(5);
            // What an evaluation packs is freed before the next step, which finds its memory as it
            // was.
            network.Net.Predict(network.Data(0).Pixels.AsSpan(0, (int)network.Net.Sample.Count));
            network.Train(1);
            Assert.AreEqual(network == recorded ? 1 : 0, network.Step.Recordings);
            // Here lies another tensor where the step had its own.
            network.Backend.Memory.AllocateBytes(1, MemoryPurpose.Workspace);
            network.Train(5);
            network.Engine.Plan = new MemoryPlan { Policy = MemoryPolicy.Checkpoint };
            network.Train(5);
            network.Engine.Inversion = new InversionSettings();
            network.Train(5);
        }
        CollectionAssert.AreEqual(plain.TrainingState(), recorded.TrainingState());
        Assert.AreEqual(4, recorded.Step.Recordings);
    }

    /// <summary>
    /// A step whose power iterations are more than the next one's is another step.
    /// </summary>
    [TestMethod]
    public void FewerPowerIterationsAreRecordedAgain()
    {
        TestModel model = TestModel.Get(TestModel.Squeeze);
        LipschitzSettings lipschitz = model.Settings.Lipschitz with { StartSteps = 6 };
        TestModel few = model with { Settings = model.Settings with { Lipschitz = lipschitz } };
        using TestNetwork plain = new(s_cuda, few, MemoryPolicy.Store);
        using TestNetwork recorded = new(s_cuda, few, MemoryPolicy.Store, cudaGraph: true);
        plain.Train(10);
        recorded.Train(10);
        CollectionAssert.AreEqual(plain.TrainingState(), recorded.TrainingState());
        Assert.AreEqual(2, recorded.Step.Recordings);
    }

    [TestMethod]
    public void ARefusedStepInAGraphChangesNothing()
    {
        using TestNetwork plain = Network(TestModel.Squeeze, MemoryPolicy.Invert, OptimizerKind.AdamW, graph: false);
        using TestNetwork recorded = Network(TestModel.Squeeze, MemoryPolicy.Invert, OptimizerKind.AdamW, graph: true);
        foreach (TestNetwork network in (TestNetwork[])[plain, recorded])
        {
            network.Train(6, _ => 0); // branches stay zero, and k stays 1
            network.DrawZeroConvolutions();
            network.Train(4);
            Assert.AreEqual(1, network.Engine.Replays);
        }
        Assert.IsGreaterThan(1, recorded.Step.Recordings);
        CollectionAssert.AreEqual(plain.TrainingState(), recorded.TrainingState());
    }

    [TestMethod]
    public void WhereThereAreNoGraphsOrSeveralBatchesAStepTheyAreRefused()
    {
        string noGraphs = Refusal(() => new SmallTraining("training.cudaGraph=true"));
        Assert.Contains("training.cudaGraph is true, and the device 'cpu' has no graphs; use --device cuda", noGraphs);
        TrainingSettings settings = new() { CudaGraph = true, Accumulate = 2 };
        Assert.Refuses<ConfigurationException>(() => settings.PassesOf(1), "training.accumulate is 2");
        Assert.AreEqual(1, settings.PassesOf(2));
        Assert.Refuses<ConfigurationException>(
            () => (settings with { SumInRankOrder = true }).PassesOf(2), "training.sumInRankOrder are true");

        static string Refusal(Func<IDisposable> create) =>
            Assert.ThrowsExactly<ConfigurationException>(() => create().Dispose()).Message;
    }

    private static TestNetwork Network(
        string model, MemoryPolicy policy, OptimizerKind kind, bool graph, EvaluationPrecision evaluations =
            EvaluationPrecision.Full)
    {
        OptimizerSettings optimizer = new() { Kind = kind, LearningRate = kind == OptimizerKind.Sgd ? 0.1 : 0.01 };
        return new TestNetwork(
            s_cuda, TestModel.Get(model), policy, s_loose with { Evaluations = evaluations }, optimizer,
            cudaGraph: graph);
    }
}
