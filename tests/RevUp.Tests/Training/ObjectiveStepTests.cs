namespace RevUp.Tests.Training;

/// <summary>Steps with numbers as targets: several labels, regression, soft classes.</summary>
[TestClass]
public sealed class ObjectiveStepTests
{
    /// <summary>
    /// The derivative of the loss in the direction of the gradient, by differences.
    /// </summary>
    [TestMethod]
    [DataRow(ModelTask.MultiLabel, 0.0)]
    [DataRow(ModelTask.Regression, 0.0)]
    [DataRow(ModelTask.Regression, 0.3)]
    [DataRow(ModelTask.Classification, 0.0)]
    public void AStepFollowsTheDerivativeOfItsLoss(ModelTask task, double huberDelta)
    {
        // A plain step of 1 is the gradient itself.
        TrainingSettings training = new()
        {
            HuberDelta = huberDelta,
            Optimizer = new() { LearningRate = 1, Momentum = 0, WeightDecay = 0, ScalarLearningRateFactor = 1 },
        };
        using TargetNetwork network = new(TestDevice.All[0], task, MemoryPolicy.Store, training: training);
        (float[] pixels, float[] targets) = TargetNetwork.Data(0);
        if (task == ModelTask.Classification)
        {
            Normalize(targets);
        }
        network.Step.Run(pixels, targets, learningRateFactor: 0);
        float[] start = network.Values();
        double norm = network.Step.Run(pixels, targets, learningRateFactor: 1).GradientNorm;
        float[] gradient = [.. start.Zip(network.Values(), (before, after) => before - after)];

        // Differences of the loss along the gradient's direction: a central one of step h has an
        // error of order h² and one of a float32's rounding, divided by h.
        const double H = 1e-2;
        double ahead = LossAt(+H), behind = LossAt(-H);
        Assert.AreEqual(norm, (ahead - behind) / (2 * H), 0.02 * norm);

        double LossAt(double distance)
        {
            network.Backend.Upload<float>(
                [.. start.Zip(gradient, (value, slope) => (float)(value + distance * slope / norm))],
                network.Net.Parameters.Values);
            network.Net.Invalidate();
            return network.Step.Run(pixels, targets, learningRateFactor: 0).Loss;
        }
    }

    /// <summary>A step tells the loss and the measure that its outputs have.</summary>
    [TestMethod]
    [EveryBackend]
    public void AStepTellsLossAndMeasureOfItsTask(TestDevice device)
    {
        using (TargetNetwork labels = new(device, ModelTask.MultiLabel))
        {
            StepResult result = labels.Train(1)[0];
            Assert.IsTrue(result.Loss is > 0.2 and < 2, $"{result.Loss}");
            Assert.IsTrue(result.Top1 is >= 0 and <= 1, $"{result.Top1}");
            Assert.IsTrue(double.IsNaN(result.MeanAbsoluteError));
        }
        using TargetNetwork numbers = new(device, ModelTask.Regression);
        (float[] pixels, float[] targets) = TargetNetwork.Data(0);
        // Without an update σ stays, and inference sees the weights of the step.
        StepResult measured = numbers.Step.Run(pixels, targets, learningRateFactor: 0);
        float[] outputs = numbers.Net.Predict(pixels);
        double[] errors = [.. outputs.Zip(targets, (output, target) => (double)output - target)];
        Assert.AreEqual(errors.Average(error => error * error), measured.Loss, 1e-5);
        Assert.AreEqual(errors.Average(Math.Abs), measured.MeanAbsoluteError, 1e-5);
        Assert.IsTrue(double.IsNaN(measured.Top1));
    }

    [TestMethod]
    public void TargetsThatMeanNothingAreNamed()
    {
        using TargetNetwork labels = new(TestDevice.All[0], ModelTask.MultiLabel);
        (float[] pixels, float[] targets) = TargetNetwork.Data(0);
        targets[5] = 1.5f;
        Assert.Refuses<ArgumentException>(
            () => labels.Step.Run(pixels, targets, 1), "targets[5], label 2 of sample 1, is 1.5");
        Assert.Refuses<ArgumentException>(
            () => labels.Step.Run(pixels, targets.AsSpan(1), 1), "11 targets", "3 labels");
    }

    [TestMethod]
    public void SettingsOfAnotherTaskAreRefused()
    {
        TrainingSettings training = new();
        Refused(ModelTask.MultiLabel, training with { LabelSmoothing = 0.1 }, "training.labelSmoothing is 0.1");
        Refused(ModelTask.Regression, training with { ClassWeights = [1, 2] }, "training.classWeights is given");
        Refused(ModelTask.MultiLabel, training with { BalanceClasses = true }, "training.balanceClasses is given");
        Refused(ModelTask.MultiLabel, training with { HuberDelta = 1 }, "training.huberDelta is 1", "'multiLabel'");
        Refused(
            ModelTask.Regression, training with { Dice = new() { Weight = 0.5 } }, "training.dice", "'regression'");
        Assert.Refuses<ConfigurationException>(
            () => (training with { HuberDelta = -1 }).Validate(), "training.huberDelta is -1");

        static void Refused(ModelTask task, TrainingSettings settings, params string[] texts) =>
            Assert.Refuses<ConfigurationException>(() => Objective.Require(task, settings), texts);
    }

    private static void Normalize(Span<float> targets)
    {
        for (int row = 0; row < targets.Length; row += TargetNetwork.Outputs)
        {
            Span<float> own = targets.Slice(row, TargetNetwork.Outputs);
            float sum = own[0] + own[1] + own[2];
            foreach (ref float target in own)
            {
                target /= sum;
            }
        }
    }
}
