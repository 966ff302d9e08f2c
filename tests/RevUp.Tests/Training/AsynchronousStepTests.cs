namespace RevUp.Tests.Training;

/// <summary>
/// Steps on a device that returns before it is done: one wait each, the same bits as with more, and
/// no update from an inversion that is refused.
/// </summary>
[TestClass]
public sealed class AsynchronousStepTests
{
    private static readonly TestDevice s_cuda = TestDevice.All.Single(device => device.ToString() == "cuda");

    [TestMethod]
    [DataRow(TestModel.Squeeze, MemoryPolicy.Invert)]
    [DataRow(TestModel.ImageNet, MemoryPolicy.Invert)]
    [DataRow(TestModel.Adaptive, MemoryPolicy.Invert)]
    [DataRow(TestModel.Squeeze, MemoryPolicy.Compress)]
    [DataRow(TestModel.Chain, MemoryPolicy.Store)]
    public void TheHostWaitsOnceAStepButInTheFirst(string model, MemoryPolicy policy)
    {
        using TestNetwork network = new(s_cuda, TestModel.Get(model), policy);
        network.DrawZeroConvolutions();
        long first = WaitsOf(() => network.Train(1));
        Assert.IsTrue(first > 1, "the first step measures");
        for (int step = 1; step < 5; step++)
        {
            Assert.AreEqual(1, WaitsOf(() => network.Train(1)), $"step {step}");
            Assert.IsTrue(
                policy != MemoryPolicy.Invert || network.Engine.Records.ToArray().All(r => r.Evaluations > 1),
                "nothing was inverted");
        }
    }

    [TestMethod]
    [EveryBackend]
    public void WaitingForABatchAndForAStepAtOnceChangesNoBit(TestDevice device)
    {
        const int Steps = 6;
        using TestNetwork one = new(device, TestModel.Get(TestModel.Squeeze));
        using TestNetwork two = new(device, TestModel.Get(TestModel.Squeeze));
        double[] losses = one.Train(Steps), staged = new double[Steps];
        for (int i = 0; i < Steps; i++)
        {
            (float[] pixels, float[] targets) = two.Data(i);
            two.Step.Stage(pixels, targets);
            if (two.Step.IsInFlight)
            {
                staged[i - 1] = two.Step.Finish().Loss;
            }
            (pixels[0], targets[0]) = (float.NaN, float.NaN); // the step's are on their way
            two.Step.Start(1);
        }
        staged[^1] = two.Step.Finish().Loss;
        CollectionAssert.AreEqual(losses, staged);
        CollectionAssert.AreEqual(one.TrainingState(), two.TrainingState());
    }

    [TestMethod]
    public void StagingBesideAStepWaitsForNothing()
    {
        using TestNetwork network = new(s_cuda, TestModel.Get(TestModel.Squeeze));
        network.Train(2);
        (float[] pixels, float[] targets) = network.Data(2);
        Assert.AreEqual(0, WaitsOf(() =>
        {
            network.Step.Stage(pixels, targets);
            network.Step.Start(1);
            network.Step.Stage(pixels, targets);
        }));
        Assert.AreEqual(1, WaitsOf(() => network.Step.Finish()));
    }

    /// <summary>With as many evaluations as the adaptive solver takes, or more.</summary>
    [TestMethod]
    [DataRow(TestModel.Squeeze)]
    [DataRow(TestModel.Volume)]
    [DataRow(TestModel.Bottleneck)]
    public void PlannedInversionsGiveTheGradientsOfAdaptiveOnes(string model)
    {
        using TestNetwork planned = new(s_cuda, TestModel.Get(model)), adaptive = new(s_cuda, TestModel.Get(model));
        foreach (TestNetwork network in (TestNetwork[])[planned, adaptive])
        {
            network.Train(8);
        }
        adaptive.Engine.Inverter.Plan.Forget();
        EvaluationPlan plan = planned.Engine.Inverter.Plan;
        for (int block = 0; block < plan.Evaluations.Length; block++)
        {
            plan.Need(block, plan.Evaluations[block] + 2);
        }
        plan.EndStep();
        planned.Train(1);
        adaptive.Train(1);
        Assert.IsTrue(planned.Engine.Inverter.IsPlanned && !adaptive.Engine.Inverter.IsPlanned);
        Assert.IsTrue(
            adaptive.Engine.Records.ToArray().All(r => r.Evaluations > 1),
            "F is zero: the case does not test what it says");
        // Either is within 1e-4 of the gradient with stored inputs, as PolicyParityTests have it.
        Assert.IsLessThanOrEqualTo(2e-4, Vectors.RelativeDifference(Gradients(adaptive), Gradients(planned)));
        foreach ((InversionRecord expected, InversionRecord actual) in
            adaptive.Engine.Records.ToArray().Zip(planned.Engine.Records.ToArray()))
        {
            Assert.IsGreaterThanOrEqualTo(expected.Evaluations, actual.Evaluations);
            Assert.IsTrue(actual.Converged && !actual.Replayed, $"{actual}");
        }
    }

    /// <summary>
    /// The plan of a network whose branches are zero is one evaluation; once they are not, that is
    /// far too few.
    /// </summary>
    [TestMethod]
    [DataRow(TestModel.Squeeze)]
    [DataRow(TestModel.Strided)]
    [DataRow(TestModel.Leading)]
    [DataRow(TestModel.Adaptive)]
    public void ARefusedStepIsDoneAgainAtOnceAsTheAdaptiveSolverDoesIt(string model)
    {
        using TestNetwork refused = new(s_cuda, TestModel.Get(model)), adaptive = new(s_cuda, TestModel.Get(model));
        foreach (TestNetwork network in (TestNetwork[])[refused, adaptive])
        {
            network.Train(1);
            network.DrawZeroConvolutions();
        }
        adaptive.Engine.Inverter.Plan.Forget();
        Assert.AreEqual(adaptive.Train(1)[0], refused.Train(1)[0]);
        Assert.AreEqual((0, 1), (adaptive.Engine.Replays, refused.Engine.Replays));
        CollectionAssert.AreEqual(adaptive.TrainingState(), refused.TrainingState());
        CollectionAssert.AreEqual(adaptive.Engine.Records.ToArray(), refused.Engine.Records.ToArray());
        Assert.AreEqual(2, refused.Step.Count);

        // And the plan is learned from it.
        Assert.AreEqual(1, WaitsOf(() => refused.Train(1)));
        Assert.AreEqual(1, refused.Engine.Replays);
    }

    [TestMethod]
    public void WhereInversionFailsARefusedStepIsThatWithTheBlocksCheckpointed()
    {
        InversionSettings impossible = new() { Tolerance = 1e-7, HardLimit = 1e-7, MaximumEvaluations = 1 };
        TestModel model = TestModel.Get(TestModel.Squeeze);
        using TestNetwork inverted = new(s_cuda, model, MemoryPolicy.Invert, impossible);
        using TestNetwork kept = new(s_cuda, model, MemoryPolicy.Checkpoint);
        foreach (TestNetwork network in (TestNetwork[])[inverted, kept])
        {
            network.Train(1);
            network.DrawZeroConvolutions();
            network.Train(1);
        }
        CollectionAssert.AreEqual(kept.TrainingState(), inverted.TrainingState());
        Assert.AreEqual(1 + inverted.Net.Blocks.Count, inverted.Engine.Replays);
        Assert.IsTrue(inverted.Engine.Records.ToArray().All(r => r.Replayed));

        // The adaptive solver goes on until it gives up on no block.
        inverted.Train(1);
        Assert.AreEqual(1 + 2 * inverted.Net.Blocks.Count, inverted.Engine.Replays);
    }

    [TestMethod]
    [EveryBackend(OptimizerKind.Sgd)]
    [EveryBackend(OptimizerKind.AdamW)]
    public void WhatIsNotANumberChangesNeitherParametersNorMoments(TestDevice device, OptimizerKind kind)
    {
        OptimizerSettings optimizer = new() { Kind = kind, LearningRate = 0.01 };
        using TestNetwork network = new(device, TestModel.Get(TestModel.Squeeze), optimizer: optimizer);
        network.Train(3);
        float[] before = State(network);
        long replays = network.Engine.Replays;
        (float[] pixels, float[] targets) = network.Data(3);
        pixels[7] = float.NaN;
        string message = Assert.ThrowsExactly<TrainingDivergedException>(
            () => network.Step.Run(pixels, targets, 1)).Message;
        Assert.StartsWith("The loss became NaN in step 4.", message);
        CollectionAssert.AreEqual(before, State(network));
        Assert.AreEqual(3, network.Step.Count);
        Assert.AreEqual(replays, network.Engine.Replays);
        Assert.IsTrue(network.Train(2).All(double.IsFinite));

        static float[] State(TestNetwork network) =>
            [
                .. network.Backend.ToHost(network.Net.Parameters.Values),
                .. network.Step.Optimizer.Moments.SelectMany(network.Backend.ToHost),
            ];
    }

    [TestMethod]
    [EveryBackend]
    public void CallsOutOfOrderAreRefusedByWhatToCall(TestDevice device)
    {
        using TestNetwork network = new(device, TestModel.Get(TestModel.Squeeze));
        (float[] pixels, float[] targets) = network.Data(0);
        Refused("call Stage first", () => network.Step.Start(1));
        Refused("call Start first", () => network.Step.Finish());
        network.Step.Stage(pixels, targets);
        network.Step.Start(1);
        Refused("Step 1 is in flight; call Finish first", () => network.Step.Run(pixels, targets, 1));
        Refused("call Finish first", () => network.Step.Accumulate(pixels, targets));
        network.Step.Finish();
        network.Step.Accumulate(pixels, targets);
        Refused(
            "The gradients of 1 batches wait for an update; call Update first",
            () => network.Step.Run(pixels, targets, 1));
        network.Step.Update(1);
        Assert.AreEqual(2, network.Step.Count);

        static void Refused(string part, Action action) =>
            Assert.Refuses<InvalidOperationException>(action, part);
    }

    private static long WaitsOf(Action action)
    {
        long waits = CudaCounters.Waits;
        action();
        return CudaCounters.Waits - waits;
    }

    private static float[] Gradients(TestNetwork network) => network.Backend.ToHost(network.Net.Parameters.Gradients);
}
