using RevUp.Backends;
using RevUp.Interop.Cpu;
using RevUp.Tensors;

namespace RevUp.Benchmarks.Operations;

/// <summary>An operation of the backend beside its naive twin.</summary>
/// <param name="Name">Name of the operation.</param>
/// <param name="Traffic">Large tensors read and written, the least that the operation can move.</param>
/// <param name="Fast">The backend's.</param>
/// <param name="Naive">The float64 oracle, single-threaded.</param>
public sealed unsafe record PointwiseOperation(string Name, int Traffic, Action<PointwiseBuffers> Fast, Action<PointwiseBuffers> Naive)
{
    private const int Count = PointwiseBuffers.Count;
    private const int Rows = 1 << 14;
    private const int Classes = Count / Rows;
    private const float Rate = 1e-3f;
    private const float Momentum = 0.9f;
    private const float Decay = 5e-4f;

    private static readonly OptimizerNumbers s_optimizer = new(
        GradientScale: 1, Skip: 0, Momentum, Nesterov: 1, Beta1: 0, Beta2: 0, Epsilon: 0, Correction1: 0, Correction2: 0);

    private static readonly Shape s_wide = new(128, 32, 32, 128);
    private static readonly Shape s_squeezed = new(128, 16, 16, 512);

    /// <summary>All operations, those of a step's inner loop first.</summary>
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
                Activation.Relu, b.Tensor(0), b.Scalar, b.Tensor(1), b.Scalar, b.Tensor(2), b.Tensor(3), b.Sums.Scalar(0), b.Sums.Scalar(1)),
            b => CpuReference.PreactivationBackward(
                Count, CpuActivation.Relu, b.Double(0), 0.1, b.Double(1), 0.1, b.Double(2), b.Double(3), b.Results, b.Results + 1)),
        new(
            "residual add",
            3,
            b => b.Backend.ResidualAdd(b.Tensor(0), b.Tensor(1), b.Scalar, b.Tensor(2)),
            b => CpuReference.ResidualAdd(Count, b.Double(0), b.Double(1), 0.1, b.Double(2))),
        new(
            "fixed-point step",
            4,
            b => b.Backend.FixedPointStep(b.Tensor(0), b.Tensor(1), b.Scalar, b.Tensor(2), b.Tensor(3), b.Statistics),
            b => CpuReference.FixedPointStep(Count, b.Double(0), b.Double(1), 0.1, b.Double(2), b.Double(3), b.Results, b.Results + 1)),
        new("squeeze", 2, b => b.Backend.Squeeze(b.Tensor(0, s_wide), b.Tensor(1, s_squeezed)), Squeeze),
        new(
            "cross-entropy",
            3,
            b => b.Backend.CrossEntropy(
                b.Tensor(0, new Shape(Rows, Classes)), b.Tensor(1, new Shape(Rows, Classes)), 1f / Rows, b.Tensor(2, new Shape(Rows, Classes)), b.Statistics),
            CrossEntropy),
        new(
            "sgd",
            5,
            b => b.Backend.Sgd(b.OptimizerSettings(s_optimizer, new GroupNumbers(Count, Rate, Decay)), b.Tensor(0), b.Tensor(1), b.Tensor(2)),
            b => CpuReference.Sgd(Count, Rate, Momentum, Decay, nesterov: 1, gradientScale: 1, b.Double(0), b.Double(1), b.Double(2))),
        new("axpy", 3, b => b.Backend.Axpy(b.Scalar, b.Tensor(0), b.Tensor(1)), b => CpuReference.Axpy(Count, 0.1, b.Double(0), b.Double(1))),
        new(
            "dot",
            2,
            b => b.Backend.Dot(b.Tensor(0), b.Tensor(1), b.Statistics),
            b => *b.Results = CpuReference.Dot(Count, b.Double(0), b.Double(1))),
    ];

    /// <inheritdoc/>
    public override string ToString() => Name;

    private static void Squeeze(PointwiseBuffers buffers)
    {
        CpuShape shape = new() { Rank = 2, Batch = s_wide.Batch, Extent = new Extents(s_wide.Extent(0), s_wide.Extent(1)), Channels = s_wide.Channels };
        CpuReference.Squeeze(&shape, buffers.Double(0), buffers.Double(1));
    }

    private static void CrossEntropy(PointwiseBuffers buffers)
    {
        long correct = 0;
        CpuReference.CrossEntropy(Rows, Classes, buffers.Double(0), buffers.Double(1), 1.0 / Rows, buffers.Double(2), buffers.Results, &correct);
    }
}
