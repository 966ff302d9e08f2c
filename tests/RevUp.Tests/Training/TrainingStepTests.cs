namespace RevUp.Tests.Training;

[TestClass]
public sealed class TrainingStepTests
{
    private const string PlainGradientDescent =
        """training.optimizer={"learningRate":0.1,"momentum":0,"weightDecay":0}""";

    [TestMethod]
    public void FourBatchesOfEightAreOneOf32()
    {
        using SmallTraining parts = new("reversible.policy=store");
        using SmallTraining whole = new("reversible.policy=store");
        for (int first = 0; first < 32; first += 8)
        {
            parts.Step.Accumulate(parts.Pixels(first, 8), parts.Targets(first, 8));
        }
        StepResult actual = parts.Step.Update(1), expected = whole.Run(0, 32);
        Assert.AreEqual(expected.Loss, actual.Loss, 1e-6);
        Assert.AreEqual(expected.Top1, actual.Top1);
        foreach (ParameterGroup group in Enum.GetValues<ParameterGroup>())
        {
            double[] sums = [.. parts.Gradients(group).Select(g => g / 4.0)];
            AssertClose([.. whole.Gradients(group).Select(g => (double)g)], sums, 1e-5, $"gradients of {group}");
            AssertClose(
                [.. whole.Values(group).Select(v => (double)v)], [.. parts.Values(group).Select(v => (double)v)], 1e-6,
                $"values of {group}");
        }
    }

    /// <summary>The factors of the branches are of the updated weights.</summary>
    [TestMethod]
    public void APredictionBetweenBatchAndUpdateLeavesNothingStale()
    {
        using SmallTraining training = new("training.optimizer.learningRate=0.5");
        float[] pixels = training.Pixels(0, 8);
        training.Step.Accumulate(pixels, training.Targets(0, 8));
        float[] before = training.Net.Predict(pixels);
        training.Step.Update(1);
        float[] after = training.Net.Predict(pixels);
        training.Net.Invalidate();
        CollectionAssert.AreEqual(training.Net.Predict(pixels), after);
        CollectionAssert.AreNotEqual(before, after);
    }

    /// <summary>
    /// An inference prepares the layers for its own batch and frees packed weights.
    /// </summary>
    [TestMethod]
    public void PredictionsBeforeAndBetweenBatchesChangeNothing()
    {
        using SmallTraining plain = new(), mixed = new();
        float[] few = mixed.Pixels(16, 4), many = mixed.Pixels(16, 8);
        for (int step = 0; step < 2; step++)
        {
            mixed.Net.Predict(many);
            mixed.Net.Predict(many);
            for (int first = 0; first < 16; first += 8)
            {
                plain.Step.Accumulate(plain.Pixels(first, 8), plain.Targets(first, 8));
                mixed.Step.Accumulate(mixed.Pixels(first, 8), mixed.Targets(first, 8));
                CollectionAssert.AreEqual(mixed.Net.Predict(many), mixed.Net.Predict(many));
                mixed.Net.Predict(few);
            }
            plain.Step.Update(1);
            mixed.Step.Update(1);
        }
        CollectionAssert.AreEqual(plain.State(), mixed.State());
    }

    [TestMethod]
    public void TheNextStepStartsFromZeroGradients()
    {
        using SmallTraining once = new(PlainGradientDescent), twice = new(PlainGradientDescent);
        twice.Run(0, 8, learningRateFactor: 0);
        twice.Step.Count = 0; // the same power iterations again, from where they were
        once.Net.PrepareStep(8, 0);
        once.Run(8, 8);
        twice.Run(8, 8);
        CollectionAssert.AreEqual(once.State(), twice.State());
    }

    [TestMethod]
    public void ClippingScalesTheWholeGradientToTheLimit()
    {
        using SmallTraining free = new(PlainGradientDescent);
        float[] before = [.. free.Values(ParameterGroup.Weights), .. free.Values(ParameterGroup.Scalars)];
        free.Run(0, 8);
        double norm = Norm([.. free.Gradients(ParameterGroup.Weights), .. free.Gradients(ParameterGroup.Scalars)]);
        float[] unclipped = [.. free.Values(ParameterGroup.Weights), .. free.Values(ParameterGroup.Scalars)];

        using SmallTraining clipped = new(
            PlainGradientDescent, FormattableString.Invariant($"training.clipNorm={norm / 4}"));
        StepResult result = clipped.Run(0, 8);
        float[] after = [.. clipped.Values(ParameterGroup.Weights), .. clipped.Values(ParameterGroup.Scalars)];
        Assert.AreEqual(norm, result.GradientNorm, 1e-6 * norm);
        double[] expected = [.. before.Zip(unclipped, (b, u) => ((double)u - b) / 4)];
        AssertClose(expected, [.. before.Zip(after, (b, a) => (double)a - b)], 1e-4, "the change of the parameters");
    }

    [TestMethod]
    public void ALimitAboveTheNormChangesNothing()
    {
        using SmallTraining free = new(), limited = new("training.clipNorm=1e9");
        Assert.AreEqual(free.Run(0, 8), limited.Run(0, 8));
        CollectionAssert.AreEqual(free.State(), limited.State());
    }

    [TestMethod]
    public void TheResultIsTheMeanOverAllSamplesAtTheScheduledRate()
    {
        // Without norms to estimate, inference before a step and the step itself compute with the
        // same weights.
        using SmallTraining training = new("model.lipschitz.mode=none", "reversible.policy=store");
        float[] probabilities = training.Net.Predict(training.Pixels(0, 8));
        StepResult result = training.Run(0, 8, learningRateFactor: 0.5);
        double loss = 0, correct = 0;
        for (int i = 0; i < 8; i++)
        {
            ReadOnlySpan<float> row = probabilities.AsSpan(4 * i, 4);
            loss -= Math.Log(row[i % 4]) / 8;
            correct += row.IndexOf(row.ToArray().Max()) == i % 4 ? 1 : 0;
        }
        Assert.AreEqual(loss, result.Loss, 1e-5 * loss);
        Assert.AreEqual(correct / 8, result.Top1);
        Assert.AreEqual(0.05, result.LearningRate, 1e-12);
    }

    [TestMethod]
    public void AnExplodingRunStopsWithParametersThatAreNumbers()
    {
        using SmallTraining training = new(
            "training.optimizer.learningRate=100", "training.optimizer.scalarLearningRateFactor=10");
        float[] last = training.State();
        int live = 0;
        TrainingDivergedException? diverged = null;
        for (int step = 0; step < 200 && diverged is null; step++)
        {
            live = training.Net.Backend.Memory.LiveCount;
            last = training.State();
            try
            {
                training.Run(8 * step, 8);
            }
            catch (TrainingDivergedException exception)
            {
                diverged = exception;
            }
        }
        Assert.IsNotNull(diverged, "200 steps at a learning rate of 100 did not diverge");
        Assert.Contains("training.optimizer.learningRate is 100", diverged.Message);
        int parameters = (int)training.Net.Parameters.Values.Count;
        float[] now = training.State()[..parameters];
        Assert.IsTrue(now.All(float.IsFinite), "a parameter is not a number");
        CollectionAssert.AreEqual(last[..parameters], now);
        Assert.AreEqual(live, training.Net.Backend.Memory.LiveCount, "memory of the failed step was not given back");
    }

    [TestMethod]
    [DataRow("training.clipNorm=0")]
    [DataRow("training.clipNorm=1")]
    public void AGradientThatIsNotANumberIsNotAppliedAndTheNextStepIsClean(string clipping)
    {
        using SmallTraining training = new(clipping), clean = new(clipping);
        float[] values = training.Values(ParameterGroup.Weights);
        training.Step.Accumulate(training.Pixels(0, 8), training.Targets(0, 8));
        training.Net.Backend.Fill(training.Net.Parameters.Parameters[0].Gradient, float.NaN);
        string message = Assert.ThrowsExactly<TrainingDivergedException>(() => training.Step.Update(1)).Message;
        Assert.StartsWith("The gradient norm became NaN in step 1.", message);
        CollectionAssert.AreEqual(values, training.Values(ParameterGroup.Weights));
        Assert.AreEqual(0, training.Step.Count);

        clean.Net.PrepareStep(8, 0);
        training.Run(8, 8);
        clean.Run(8, 8);
        CollectionAssert.AreEqual(clean.State(), training.State());
    }

    [TestMethod]
    [DataRow("training.optimizer.kind=sgd")]
    [DataRow("training.optimizer.kind=adamW")]
    [DataRow("training.optimizer.kind=muon")]
    public void ASecondDisposalDoesNothing(string optimizer)
    {
        using SmallTraining training = new(optimizer);
        training.Run(0, 8);
        Arena memory = training.Net.Backend.Memory;
        training.Step.Dispose();
        int live = memory.LiveCount;
        training.Step.Dispose();
        training.Step.Engine.Dispose();
        training.Step.Optimizer.Dispose();
        Assert.AreEqual(live, memory.LiveCount);
    }

    [TestMethod]
    [DataRow(63, 4)]
    [DataRow(64, 3)]
    [DataRow(64, 8)]
    [DataRow(0, 0)]
    public void WhatIsNotABatchIsRefused(int pixels, int targets)
    {
        using SmallTraining training = new();
        Assert.Refuses<ArgumentException>(
            () => training.Step.Run(new float[pixels], new float[targets], 1),
            $"{pixels} pixels and {targets} targets are not a batch of samples [1, 8, 8, 1] with 4 classes.");
    }

    private static double Norm(float[] values) => Math.Sqrt(values.Sum(v => (double)v * v));

    private static void AssertClose(double[] expected, double[] actual, double tolerance, string what)
    {
        double error = Math.Sqrt(expected.Zip(actual, (e, a) => (e - a) * (e - a)).Sum());
        double norm = Math.Sqrt(expected.Sum(e => e * e));
        // False where it is NaN.
        Assert.IsTrue(error <= tolerance * norm, $"{what}: ‖error‖ {error:E2} at ‖expected‖ {norm:E2}");
    }
}
