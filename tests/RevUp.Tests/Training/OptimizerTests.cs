namespace RevUp.Tests.Training;

/// <summary>
/// Two steps on a weight and a Fixup scalar, both 1 at first, with gradients 2 and 6 halved by the
/// gradient scale to 1 and 3: numbers that a hand can follow.
/// </summary>
[TestClass]
public sealed class OptimizerTests
{
    private const double Tolerance = 1e-6;

    [TestMethod]
    public void MomentumDecaysWeightsAndMovesScalarsATenthAsFar() =>
        // Weight: d = 1 + 0.1·1 = 1.1, w = 1 − 0.1·1.1; then m = 0.5·1.1 + 3 + 0.089. Scalar: rate
        // 0.01, no decay; then m = 0.5·1 + 3.
        AssertSteps(
            new OptimizerSettings { LearningRate = 0.5, Momentum = 0.5, WeightDecay = 0.1 }, 0.2,
            weight: [0.89, 0.5261], scalar: [0.99, 0.955]);

    [TestMethod]
    public void NesterovLooksAhead() =>
        // Weight: 1.1 + 0.5·1.1 = 1.65; then d = 3.0835, m = 0.55 + d = 3.6335, step d + 0.5·m =
        // 4.90025. Scalar: 1.5; then 3 + 0.5·3.5.
        AssertSteps(
            new OptimizerSettings { LearningRate = 0.5, Momentum = 0.5, Nesterov = true, WeightDecay = 0.1 },
            0.2,
            weight: [0.835, 0.344975],
            scalar: [0.985, 0.9375]);

    [TestMethod]
    public void AdamWDecouplesTheDecayAndCorrectsTheBias() =>
        // First step: w = 0.99 − 0.1·1. Second: m̂ = 1.75/0.75, v̂ = 4.75/0.75, m̂/√v̂ =
        // 0.92717265; w = 0.89·0.99 − 0.1·that.
        AssertSteps(
            new OptimizerSettings
            {
                Kind = OptimizerKind.AdamW,
                LearningRate = 0.5,
                WeightDecay = 0.1,
                Beta1 = 0.5,
                Beta2 = 0.5,
            },
            0.2,
            weight: [0.89, 0.78838274],
            scalar: [0.99, 0.98072827]);

    [TestMethod]
    public void ScalarsHaveARateAndADecayOfTheirOwn() =>
        AssertSteps(
            new OptimizerSettings
            {
                LearningRate = 0.5,
                Momentum = 0,
                WeightDecay = 0,
                ScalarLearningRateFactor = 2,
                ScalarWeightDecay = 0.5,
            },
            0.2,
            weight: [0.9, 0.6],
            scalar: [0.7, 0.03]);

    [TestMethod]
    public void MomentsAreAsManyAsTheRuleNeedsAndAreGivenBack()
    {
        using CpuBackend backend = TestRuns.Backend();
        using ParameterStore store = new(backend);
        store.Add("weight", new Shape(3), ParameterGroup.Weights, Initialization.Constant(1));
        store.Build(seed: 1);
        int live = backend.Memory.LiveCount;
        // Beside the moments and the settings, the factors of Muon's iteration.
        foreach ((OptimizerKind kind, int moments, int others) in new[]
        {
            (OptimizerKind.Sgd, 1, 1), (OptimizerKind.AdamW, 2, 1), (OptimizerKind.Muon, 1, 2),
        })
        {
            using Optimizer optimizer = new(backend, store, new OptimizerSettings { Kind = kind });
            Assert.HasCount(moments, optimizer.Moments);
            Assert.AreEqual(live + moments + others, backend.Memory.LiveCount);
        }
        Assert.AreEqual(live, backend.Memory.LiveCount);
    }

    private static void AssertSteps(OptimizerSettings settings, double factor, double[] weight, double[] scalar)
    {
        using CpuBackend backend = TestRuns.Backend();
        using ParameterStore store = new(backend);
        Parameter weights = store.Add("weight", new Shape(1), ParameterGroup.Weights, Initialization.Constant(1));
        Parameter scalars = store.Add("scalar", new Shape(1), ParameterGroup.Scalars, Initialization.Constant(1));
        store.Build(seed: 1);
        using Optimizer optimizer = new(backend, store, settings);
        Tensor outcome = backend.Memory.Allocate(
            new Shape(StepOutcome.Length), ElementType.Float64, MemoryPurpose.Workspace);
        Tensor zeros = backend.Memory.Allocate(new Shape(2), ElementType.Float64, MemoryPurpose.Workspace);
        backend.Upload<double>([0, 0], zeros);
        float[] gradients = [2, 6];
        for (int step = 0; step < gradients.Length; step++)
        {
            backend.Fill(store.Gradients, gradients[step]);
            optimizer.Schedule(factor, step + 1);
            // Only to halve the gradient: it has no norm here, and nothing was lost.
            StepLimits halved = new(Averaging: 0.5, ClipNorm: 0, HardLimit: 0, Tolerance: 0, Rounding: 0);
            backend.StepVerdict(halved, zeros, zeros, default, default, default, optimizer.Settings, outcome);
            optimizer.Update();
            Assert.AreEqual(weight[step], Value(backend, weights), Tolerance, $"weight after step {step + 1}");
            Assert.AreEqual(scalar[step], Value(backend, scalars), Tolerance, $"scalar after step {step + 1}");
        }
    }

    private static float Value(CpuBackend backend, Parameter parameter)
    {
        float[] value = new float[1];
        backend.Download<float>(parameter.Value, value);
        return value[0];
    }
}
