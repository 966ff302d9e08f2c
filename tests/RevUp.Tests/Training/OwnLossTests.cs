namespace RevUp.Tests.Training;

/// <summary>A loss that the program computes, in the place of the task's.</summary>
[TestClass]
public sealed class OwnLossTests
{
    private const int Steps = 4;

    /// <summary>Squared error, in the arithmetic of the library's own.</summary>
    private static double SquaredError(
        ReadOnlySpan<float> outputs, ReadOnlySpan<float> targets, int batch, Span<float> gradient)
    {
        int count = outputs.Length / batch;
        double sum = 0, scale = (double)(1f / batch) / count;
        for (int i = 0; i < outputs.Length; i++)
        {
            double error = (double)outputs[i] - targets[i];
            sum += error * error;
            gradient[i] = (float)(scale * (2 * error));
        }
        return sum / outputs.Length;
    }

    [TestMethod]
    [EveryBackend(MemoryPolicy.Invert)]
    [EveryBackend(MemoryPolicy.Store)]
    [EveryBackend(MemoryPolicy.Checkpoint)]
    [EveryBackend(MemoryPolicy.Compress)]
    public void TheLibrarysLossWrittenOutsideGivesTheSameBits(TestDevice device, MemoryPolicy policy)
    {
        using TargetNetwork built = new(device, ModelTask.Regression, policy);
        using TargetNetwork own = new(device, ModelTask.Regression, policy, SquaredError);
        float[] start = own.Values();

        StepResult[] expected = built.Train(Steps), actual = own.Train(Steps);

        CollectionAssert.AreEqual(built.Values(), own.Values());
        CollectionAssert.AreNotEqual(start, own.Values(), "nothing was trained");
        for (int step = 0; step < Steps; step++)
        {
            // Two orders of a sum of 12 numbers in double.
            Assert.AreEqual(expected[step].Loss, actual[step].Loss, 12 * 2.3e-16 * expected[step].Loss);
            Assert.AreEqual(expected[step].MeanAbsoluteError, actual[step].MeanAbsoluteError);
            Assert.AreEqual(expected[step].GradientNorm, actual[step].GradientNorm);
        }
        Assert.AreEqual(built.Backend.Memory.Peak.Total, own.Backend.Memory.Peak.Total, "a byte more");
    }

    [TestMethod]
    [EveryBackend]
    public void ALossThatIsNoNumberIsNamed(TestDevice device)
    {
        using TargetNetwork own = new(device, ModelTask.Regression, loss: (_, _, _, _) => double.NaN);
        (float[] pixels, float[] targets) = TargetNetwork.Data(0);
        Assert.Refuses<TrainingDivergedException>(
            () => own.Step.Run(pixels, targets, 1), "The loss became NaN in step 1.", "Check the BatchLoss as well");
        string message = TrainingDivergedException.Of(
            double.NaN, "loss", 1, new TrainingSettings(), fault: null, hasOwnLoss: false).Message;
        Assert.Contains("a lower learning rate", message);
        Assert.DoesNotContain("BatchLoss", message);
    }

    /// <summary>
    /// Clipping and accumulation are the step's, whoever has computed the gradient.
    /// </summary>
    [TestMethod]
    [EveryBackend]
    public void ClippingAndAccumulationStay(TestDevice device)
    {
        TrainingSettings training = new()
        {
            Accumulate = 2,
            ClipNorm = 0.01,
            Optimizer = new() { LearningRate = 0.1 },
        };
        using TargetNetwork built = new(device, ModelTask.Regression, training: training);
        using TargetNetwork own = new(device, ModelTask.Regression, loss: SquaredError, training: training);
        List<double> losses = [];
        foreach (TargetNetwork network in (TargetNetwork[])[built, own])
        {
            for (int step = 0; step < 2; step++)
            {
                for (int pass = 0; pass < 2; pass++)
                {
                    (float[] pixels, float[] targets) = TargetNetwork.Data(2 * step + pass);
                    network.Step.Accumulate(pixels, targets);
                }
                StepResult result = network.Step.Update(1);
                Assert.IsGreaterThan(training.ClipNorm, result.GradientNorm, "nothing was clipped");
                losses.Add(result.Loss);
            }
        }
        CollectionAssert.AreEqual(built.Values(), own.Values());
        // The means of two passes, in two orders of their sums.
        Assert.AreEqual(losses[0], losses[2], 24 * 2.3e-16 * losses[0]);
        Assert.AreEqual(losses[1], losses[3], 24 * 2.3e-16 * losses[1]);
    }

    /// <summary>
    /// A refused inversion repeats the batch, and the loss is asked again: the result is the
    /// library's.
    /// </summary>
    [TestMethod]
    [EveryBackend]
    public void ARefusedInversionAsksAgain(TestDevice device)
    {
        int calls = 0;
        using TargetNetwork built = new(device, ModelTask.Regression);
        using TargetNetwork own = new(device, ModelTask.Regression, loss: (outputs, targets, batch, gradient) =>
        {
            calls++;
            return SquaredError(outputs, targets, batch, gradient);
        });
        InversionSettings strict = TestNetwork.Exact with { HardLimit = 1e-30 };
        foreach (TargetNetwork network in (TargetNetwork[])[built, own])
        {
            network.Train(2);
            network.Step.Engine.Inversion = strict;
            network.Train(1);
        }
        CollectionAssert.AreEqual(built.Values(), own.Values());
        Assert.IsGreaterThan(0, own.Step.Engine.Replays, "nothing was refused");
        Assert.IsGreaterThanOrEqualTo(3, calls);
    }

    [TestMethod]
    public void AnExceptionOfTheLossLeavesTheStepUsable()
    {
        bool fails = false;
        using TargetNetwork own = new(
            TestDevice.All[0], ModelTask.Regression, loss: (outputs, targets, batch, gradient) => fails
                ? throw new InvalidDataException("no such target")
                : SquaredError(outputs, targets, batch, gradient));
        using TargetNetwork other = new(TestDevice.All[0], ModelTask.Regression);
        own.Train(1);
        other.Train(1);
        long live = own.Backend.Memory.Use.Total;
        float[] before = own.Values();

        fails = true;
        Assert.ThrowsExactly<InvalidDataException>(() => own.Train(1));

        Assert.AreEqual(live, own.Backend.Memory.Use.Total);
        CollectionAssert.AreEqual(before, own.Values());
        fails = false;
        own.Train(2);
        other.Train(2);
        Assert.AreEqual(other.Step.Count, own.Step.Count);
        Assert.IsTrue(double.IsFinite(own.Train(1)[0].Loss));
    }

    [TestMethod]
    public void ALossThatIsNoNumberLeavesTheWeights()
    {
        using TargetNetwork own = new(
            TestDevice.All[0], ModelTask.Regression, loss: (_, _, _, _) => double.NaN);
        float[] before = own.Values();
        Assert.Refuses<TrainingDivergedException>(() => own.Train(1), "loss");
        CollectionAssert.AreEqual(before, own.Values());
    }

    [TestMethod]
    public void WhatALossOfOnesOwnCannotDoIsRefused()
    {
        TrainingSettings training = new();
        Assert.Refuses<ConfigurationException>(
            () => Objective.RequireOwn(ModelTask.Regression, training with { CudaGraph = true }),
            "training.cudaGraph is true", "use false");
        Assert.Refuses<ConfigurationException>(
            () => Objective.RequireOwn(ModelTask.Segmentation, training), "model.task is 'segmentation'");
        Assert.Refuses<ConfigurationException>(
            () => Objective.RequireOwn(ModelTask.Regression, training with { HuberDelta = 1 }),
            "training.huberDelta is 1");
    }
}
