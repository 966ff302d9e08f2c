using RevUp.Backends;
using RevUp.Interop.Cpu;
using RevUp.Tensors;

namespace RevUp.Benchmarks.Operations;

/// <summary>An operation of the backend beside its naive twin.</summary>
/// <param name="Name">Name of the operation.</param>
/// <param name="Traffic">
/// Large tensors of float32 read and written, the least that the operation can move.
/// </param>
/// <param name="Fast">The backend's.</param>
/// <param name="Naive">The float64 oracle, single-threaded.</param>
public sealed unsafe record PointwiseOperation(
    string Name, double Traffic, Action<PointwiseBuffers> Fast, Action<PointwiseBuffers> Naive)
{
    private const int Channels = OperationSizes.Channels;
    private const int Classes = 1024;
    private const float Rate = 1e-3f;
    private const float Momentum = 0.9f;
    private const float Beta2 = 0.999f;
    private const float Epsilon = 1e-5f;
    private const float Decay = 5e-4f;
    private const int Mean = 0, Variance = 1, Weight = 2, Bias = 3, WeightGradient = 4, BiasGradient = 5;

    private static readonly OptimizerNumbers s_sgd = new(
        GradientScale: 1, Skip: 0, Momentum, Nesterov: 1, Beta1: 0, Beta2: 0, Epsilon: 0, Correction1: 0,
        Correction2: 0);

    private static readonly OptimizerNumbers s_adamW = new(
        GradientScale: 1, Skip: 0, Momentum: 0, Nesterov: 0, Momentum, Beta2, Epsilon, Correction1: 1 - Momentum,
        Correction2: 1 - Beta2);

    private static int Count => OperationSizes.Count;

    private static int Batch => OperationSizes.Batch;

    private static int Positions => Count / (Batch * Channels);

    private static int Rows => Count / Classes;

    private static Shape Wide => new(Batch, 32, 32, Channels);

    private static Shape Squeezed => new(Batch, 16, 16, 4 * Channels);

    /// <summary>All operations, a step's inner loop first.</summary>
    public static IReadOnlyList<PointwiseOperation> All { get; } =
    [
        new(
            "preactivation forward, ReLU",
            2,
            b => b.Backend.PreactivationForward(Activation.Relu, b.Tensor(0), b.Scalar, b.Scalar, b.Tensor(1)),
            b => CpuReference.PreactivationForward(Count, CpuActivation.Relu, b.Double(0), 0.1, 0.1, b.Double(1))),
        new(
            "preactivation forward, ELU",
            2,
            b => b.Backend.PreactivationForward(Activation.Elu, b.Tensor(0), b.Scalar, b.Scalar, b.Tensor(1)),
            b => CpuReference.PreactivationForward(Count, CpuActivation.Elu, b.Double(0), 0.1, 0.1, b.Double(1))),
        new(
            "preactivation backward, ReLU",
            4,
            b => b.Backend.PreactivationBackward(
                Activation.Relu, b.Tensor(0), b.Scalar, b.Tensor(1), b.Scalar, b.Tensor(2), b.Tensor(3),
                b.Sums.Scalar(0), b.Sums.Scalar(1)),
            b => CpuReference.PreactivationBackward(
                Count, CpuActivation.Relu, b.Double(0), 0.1, b.Double(1), 0.1, b.Double(2), b.Double(3), b.Results,
                b.Results + 1)),
        new(
            "residual add",
            3,
            b => b.Backend.ResidualAdd(b.Tensor(0), b.Tensor(1), b.Scalar, b.Tensor(2)),
            b => CpuReference.ResidualAdd(Count, b.Double(0), b.Double(1), 0.1, b.Double(2))),
        new(
            "fixed-point step",
            4,
            b => b.Backend.FixedPointStep(
                0, b.Tensor(0), b.Tensor(1), b.Scalar, b.Tensor(2), b.Tensor(3), b.Statistics),
            b => CpuReference.FixedPointStep(
                Count, 0, b.Double(0), b.Double(1), 0.1, b.Double(2), b.Double(3), b.Results)),
        QuantizeResidual(bits: 8),
        QuantizeResidual(bits: 4),
        QuantizeRetrace(bits: 8),
        QuantizeRetrace(bits: 4),
        new(
            "batch norm statistics",
            1,
            b => b.Backend.BatchNormStatistics(
                b.Tensor(0, Wide), Momentum, b.Channels(Mean), b.Channels(Variance), default, default),
            b => CpuReference.BatchNormStatistics(
                Count / Channels, Channels, b.Double(0), Momentum, b.DoubleChannels(Mean), b.DoubleChannels(Variance),
                b.DoubleChannels(WeightGradient),
                b.DoubleChannels(BiasGradient))),
        new(
            "batch norm forward, ReLU",
            2,
            b => b.Backend.BatchNormForward(
                Activation.Relu, b.Tensor(0, Wide), b.Channels(Mean), b.Channels(Variance), Epsilon, b.Channels(Weight),
                b.Channels(Bias),
                b.Tensor(1, Wide)),
            b => CpuReference.BatchNormForward(
                Count / Channels, Channels, CpuActivation.Relu, b.Double(0), b.DoubleChannels(Mean),
                b.DoubleChannels(Variance), Epsilon,
                b.DoubleChannels(Weight), b.DoubleChannels(Bias), b.Double(1))),
        new(
            "batch norm backward, ReLU",
            3,
            b => b.Backend.BatchNormBackward(
                Activation.Relu, b.Tensor(0, Wide), b.Channels(Mean), b.Channels(Variance), Epsilon, b.Channels(Weight),
                b.Channels(Bias),
                b.Tensor(1, Wide), b.Scalar, default, b.Tensor(2, Wide), b.Channels(WeightGradient),
                b.Channels(BiasGradient)),
            b => CpuReference.BatchNormBackward(
                Count / Channels, Channels, CpuActivation.Relu, b.Double(0), b.DoubleChannels(Mean),
                b.DoubleChannels(Variance), Epsilon,
                b.DoubleChannels(Weight), b.DoubleChannels(Bias), b.Double(1), 0.1, null, b.Double(2),
                b.DoubleChannels(WeightGradient),
                b.DoubleChannels(BiasGradient))),
        new("squeeze", 2, b => b.Backend.Squeeze(b.Tensor(0, Wide), b.Tensor(1, Squeezed)), Squeeze),
        new(
            "cross-entropy",
            3,
            b => b.Backend.CrossEntropy(
                b.Tensor(0, new Shape(Rows, Classes)), b.Tensor(1, new Shape(Rows, Classes)), 1f / Rows,
                b.Tensor(2, new Shape(Rows, Classes)), b.Statistics),
            CrossEntropy),
        new(
            "sgd",
            5,
            b => b.Backend.Sgd(
                b.OptimizerSettings(s_sgd, new GroupNumbers(Count, Rate, Decay)), b.Tensor(0), b.Tensor(1),
                b.Tensor(2)),
            b => CpuReference.Sgd(
                Count, Rate, Momentum, Decay, nesterov: 1, gradientScale: 1, b.Double(0), b.Double(1), b.Double(2))),
        new(
            "adamw",
            7,
            b => b.Backend.AdamW(
                b.OptimizerSettings(s_adamW, new GroupNumbers(Count, Rate, Decay)), b.Tensor(0), b.Tensor(1),
                b.Tensor(PointwiseBuffers.Positive), b.Tensor(2)),
            b => CpuReference.AdamW(
                Count, Rate, Momentum, Beta2, Epsilon, Decay, step: 1, gradientScale: 1, b.Double(0), b.Double(1),
                b.Double(PointwiseBuffers.Positive),
                b.Double(2))),
        new(
            "axpy", 3, b => b.Backend.Axpy(b.Scalar, b.Tensor(0), b.Tensor(1)),
            b => CpuReference.Axpy(Count, 0.1, b.Double(0), b.Double(1))),
        new(
            "dot",
            2,
            b => b.Backend.Dot(b.Tensor(0), b.Tensor(1), b.Statistics),
            b => CpuReference.Dot(Count, b.Double(0), b.Double(1), b.Results)),
    ];

    /// <inheritdoc/>
    public override string ToString() => Name;

    // Reads x, z and what was decoded, writes y, the new state and a code for every element.
    private static PointwiseOperation QuantizeResidual(int bits) => new(
        $"quantize residual, {bits} bits",
        5 + (bits / 32.0),
        b => b.Backend.QuantizeResidual(
            bits, b.Tensor(0, Wide), b.Tensor(1), b.Scalar, b.Tensor(0, Wide), b.Tensor(2, Wide),
            b.Tensor(PointwiseBuffers.Positive), b.Steps),
        b => CpuReference.QuantizeResidual(
            Batch, Positions, Channels, bits, b.Double(0), b.Double(1), 0.1, b.Double(0), b.Double(2),
            b.Double(PointwiseBuffers.Positive), b.DoubleSteps));

    private static PointwiseOperation QuantizeRetrace(int bits) => new(
        $"quantize retrace, {bits} bits",
        2 + (bits / 32.0),
        b => b.Backend.QuantizeRetrace(bits, b.Tensor(PointwiseBuffers.Positive), b.Steps, b.Tensor(2, Wide)),
        b => CpuReference.QuantizeRetrace(
            Batch, Positions, Channels, b.Double(PointwiseBuffers.Positive), b.DoubleSteps, b.Double(2)));

    private static void Squeeze(PointwiseBuffers buffers)
    {
        CpuShape shape = new()
        {
            Rank = 2,
            Batch = Wide.Batch,
            Extent = new Extents(Wide.Extent(0), Wide.Extent(1)),
            Channels = Wide.Channels,
        };
        CpuReference.Squeeze(&shape, buffers.Double(0), buffers.Double(1));
    }

    private static void CrossEntropy(PointwiseBuffers buffers) => CpuReference.CrossEntropy(
        Rows, Classes, buffers.Double(0), buffers.Double(1), 1.0 / Rows, buffers.Double(2), buffers.Results);
}
