namespace RevUp.Tests.Reversible;

/// <summary>
/// Residual and coupling blocks of every normalisation and form of branch against their float64
/// twins, and the inverse of the coupling.
/// </summary>
[TestClass]
public sealed class BaselineGradientTests
{
    private const int Batch = 2;
    private const int Width = 4;
    private const string Name = "block";

    private static readonly Shape s_image = new(1, 4, 4, 8);
    private static readonly Shape s_volume = new(1, 2, 4, 2, 4);

    [TestMethod]
    [EveryBackend(false, BranchKind.Basic, Normalization.BatchNorm, Activation.Relu, 1)]
    [EveryBackend(false, BranchKind.Basic, Normalization.BatchNorm, Activation.Elu, 0)]
    [EveryBackend(false, BranchKind.Bottleneck, Normalization.BatchNorm, Activation.Relu, 1)]
    [EveryBackend(true, BranchKind.Basic, Normalization.BatchNorm, Activation.Elu, 1)]
    [EveryBackend(false, BranchKind.Basic, Normalization.Fixup, Activation.Relu, 0)]
    [EveryBackend(false, BranchKind.IResNet, Normalization.None, Activation.Elu, 0)]
    [EveryBackend(true, BranchKind.IResNet, Normalization.None, Activation.Elu, 1)]
    [EveryBackend(false, BranchKind.Basic, Normalization.InstanceNorm, Activation.Elu, 0)]
    [EveryBackend(false, BranchKind.Bottleneck, Normalization.InstanceNorm, Activation.Relu, 1)]
    [EveryBackend(true, BranchKind.Basic, Normalization.InstanceNorm, Activation.Elu, 1)]
    public void GradientsOfAResidualBlock(
        TestDevice device, bool volume, BranchKind kind, Normalization normalization, Activation activation, int index)
    {
        Shape input = volume ? s_volume : s_image;
        BranchSettings settings = Settings(kind, normalization, activation);
        using Backend backend = device.Open();
        using ParameterStore store = new(backend);
        using ResidualBlock block = new(Name, index, backend, store, input, Width, settings);
        Build(backend, store);
        block.Prepare(Batch, NetworkUse.Training);
        bool leading = settings.HasLeadingActivation(index);
        double[] Twin(IReadOnlyDictionary<string, double[]> values) =>
            Add(values["x"], BranchTwin.Evaluate(Name, settings, block.Branch, leading, Batch, values, values["x"]));
        GradientCheck.Run(backend, store, block, Batch, Twin, Error(block.Branch, input, branches: 1));
    }

    [TestMethod]
    [EveryBackend(false, BranchKind.Basic, Normalization.BatchNorm, Activation.Relu, 1)]
    [EveryBackend(false, BranchKind.Basic, Normalization.BatchNorm, Activation.Elu, 0)]
    [EveryBackend(false, BranchKind.Bottleneck, Normalization.BatchNorm, Activation.Elu, 1)]
    [EveryBackend(true, BranchKind.Basic, Normalization.BatchNorm, Activation.Elu, 1)]
    [EveryBackend(false, BranchKind.Basic, Normalization.Fixup, Activation.Relu, 0)]
    [EveryBackend(true, BranchKind.Bottleneck, Normalization.Fixup, Activation.Elu, 1)]
    [EveryBackend(false, BranchKind.IResNet, Normalization.None, Activation.Elu, 1)]
    public void GradientsAndInverseOfACouplingBlock(
        TestDevice device, bool volume, BranchKind kind, Normalization normalization, Activation activation, int index)
    {
        Shape input = volume ? s_volume : s_image;
        BranchSettings settings = Settings(kind, normalization, activation);
        using Backend backend = device.Open(poison: true);
        using ParameterStore store = new(backend);
        using CouplingBlock block = new(Name, index, backend, store, input, Width, settings);
        Build(backend, store);
        block.Prepare(Batch, NetworkUse.Training);
        bool leading = index > 0 || normalization == Normalization.BatchNorm;
        double[] Twin(IReadOnlyDictionary<string, double[]> values)
        {
            int half = values["x"].Length / 2;
            (double[] x1, double[] x2) = (values["x"][..half], values["x"][half..]);
            double[] y1 = Add(x1, BranchTwin.Evaluate($"{Name}.f", settings, block.F, leading, Batch, values, x2));
            return
            [
                .. y1,
                .. Add(
                    x2,
                    BranchTwin.Evaluate($"{Name}.g", settings, block.G, leadingActivation: true, Batch, values, y1)),
            ];
        }
        double error = Error(block.F, input, branches: 2);
        GradientCheck.Run(backend, store, block, Batch, Twin, error);
        AssertInverse(backend, block, error);
    }

    // x from y in y's memory, with the intermediates that a backward pass takes over.
    private static void AssertInverse(Backend backend, CouplingBlock block, double error)
    {
        int live = backend.Memory.LiveCount;
        Shape shape = block.Input.WithBatch(Batch);
        float[] x = Vectors.Normal(3, shape.Count);
        SavedTensors none = default, saved = default;
        Tensor y = block.Forward(backend.ToDevice(x, shape), ForwardMode.Consume, ref none);
        Tensor rebuilt = block.Inverse(y, ref saved, out Tensor point);
        Assert.AreEqual(y, rebuilt);
        Assert.AreEqual(rebuilt, point);
        Assert.IsFalse(saved.IsEmpty);
        Assert.IsLessThanOrEqualTo(error, Vectors.RelativeDifference(x.Widen(), backend.ToHost(rebuilt).Widen()));
        Tensor gradient = backend.ToDevice(x, shape);
        Assert.AreEqual(gradient, block.Backward(rebuilt, gradient, inputGradient: true, ref saved));
        backend.Memory.Free(rebuilt);
        backend.Memory.Free(gradient);
        block.ReleaseWeights();
        Assert.AreEqual(live, backend.Memory.LiveCount, "the block left memory behind");
    }

    private static BranchSettings Settings(BranchKind kind, Normalization normalization, Activation activation) =>
        new(
            kind, activation, Groups: 1, ElementType.Float32, BranchCount: 4,
            new LipschitzSettings { Mode = LipschitzMode.None }, normalization);

    // Weights that keep the variance, and numbers per channel away from where they start.
    private static void Build(Backend backend, ParameterStore store)
    {
        store.Build(seed: 1);
        for (int i = 0; i < store.Parameters.Count; i++)
        {
            Parameter parameter = store.Parameters[i];
            double deviation =
                parameter.Shape.Rank > 1 ? Math.Sqrt((double)parameter.Shape[0] / parameter.Shape.Count) : 0.3;
            float[] values = Vectors.Normal(100 + i, parameter.Shape.Count, deviation);
            backend.Upload<float>(
                Array.ConvertAll(values, value => (float)(parameter.Initialization.Mean + value)), parameter.Value);
        }
    }

    // Forward and backward of a branch's m convolutions and m + 1 pointwise operations, of up to
    // four roundings each where they normalise.
    private static double Error(IBranch branch, Shape input, int branches)
    {
        int operations = 2 * branches * 5 * (branch.Convolutions.Count + 1);
        return Rounding.Chain(
            operations, Math.Max(input.Positions * Batch, input.Channels * (input.SpatialRank == 2 ? 9 : 27)));
    }

    private static double[] Add(double[] x, double[] y) => [.. x.Zip(y, (a, b) => a + b)];
}
