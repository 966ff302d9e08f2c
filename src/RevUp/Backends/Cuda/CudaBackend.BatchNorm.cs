using RevUp.Interop.Cuda;
using RevUp.Tensors;

namespace RevUp.Backends.Cuda;

/// <summary>
/// Sums per channel: one launch leaves partial sums of shares of the rows, a second one combines
/// them, without atomics.
/// </summary>
public sealed partial class CudaBackend
{
    // Rows that a block has before it is worth another, and blocks that fill any device.
    private const int RowsPerShare = 256;
    private const int SumBlocks = 512;

    /// <inheritdoc/>
    public override void BatchNormStatistics(
        Tensor x, float momentum, Tensor mean, Tensor variance, Tensor runningMean, Tensor runningVariance)
    {
        (long rows, long channels, long shares) = Sums(x, out Tensor partials, out long blocks);
        _launcher.Rows(_kernels.BatchNormMoments(x.Type), blocks, [rows, channels, shares, x, mean, partials]);
        _launcher.Elementwise(
            _kernels.BatchNormStatistics,
            channels,
            [rows, channels, shares, partials, momentum, mean, variance, runningMean, runningVariance]);
        Memory.Free(partials);
    }

    /// <inheritdoc/>
    public override void BatchNormBackward(
        Activation activation,
        Tensor x,
        Tensor mean,
        Tensor variance,
        float epsilon,
        Tensor weight,
        Tensor bias,
        Tensor dy,
        Tensor scale,
        Tensor residual,
        Tensor dx,
        Tensor weightGradient,
        Tensor biasGradient)
    {
        (long rows, long count, long shares) = Sums(x, out Tensor partials, out long blocks);
        Tensor means = Memory.Allocate(new Shape(2, x.Shape.Channels), ElementType.Float32, MemoryPurpose.Workspace);
        _launcher.Rows(
            _kernels.BatchNormGradientSums(x.Type, dy.Type),
            blocks,
            [rows, count, shares, (long)activation, x, mean, variance, epsilon, weight, bias, dy, scale, partials]);
        _launcher.Elementwise(
            _kernels.BatchNormGradients, count, [rows, count, shares, partials, weightGradient, biasGradient, means]);
        _launcher.Elementwise(
            _kernels.BatchNormBackward(x.Type, dy.Type, dx.Type),
            x.Count,
            [rows, count, (long)activation, x, mean, variance, epsilon, weight, bias, dy, scale, means, residual, dx]);
        Memory.Free(means);
        Memory.Free(partials);
    }

    /// <inheritdoc/>
    public override void ChannelAffineBackward(
        Activation activation,
        Tensor x,
        Tensor weight,
        Tensor bias,
        Tensor dy,
        Tensor scale,
        Tensor residual,
        Tensor dx,
        Tensor weightGradient,
        Tensor biasGradient) =>
        BatchNormBackward(
            activation, x, default, default, 0, weight, bias, dy, scale, residual, dx, weightGradient, biasGradient);

    private (long Rows, long Channels, long Shares) Sums(Tensor x, out Tensor partials, out long blocks)
    {
        long channels = x.Shape.Channels, rows = x.Count / channels, groups = ColumnGroups(channels);
        long shares = Math.Clamp(rows / RowsPerShare, 1, Math.Max(1, SumBlocks / groups));
        blocks = groups * shares;
        Shape shape = new((int)shares, 2, (int)channels);
        partials = Memory.Allocate(shape, ElementType.Float64, MemoryPurpose.Workspace);
        return (rows, channels, shares);
    }
}
