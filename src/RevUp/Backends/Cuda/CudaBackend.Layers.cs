using RevUp.Interop.Cuda;
using RevUp.Tensors;

namespace RevUp.Backends.Cuda;

/// <summary>Shapes, pooling, the classifier, the loss and the optimisers.</summary>
public sealed partial class CudaBackend
{
    private const int ColumnsPerBlock = 32;

    /// <inheritdoc/>
    public override void BranchScaleForward(BranchBound mode, Tensor coefficient, Tensor multiplier, Tensor sigmas, Tensor scales, Tensor bound) =>
        _launcher.WideRows(_kernels.BranchScale, rows: 1, threads: 1, [(long)mode, coefficient, sigmas.Count, multiplier, sigmas, scales, bound]);

    /// <inheritdoc/>
    public override void BranchScaleBackward(
        BranchBound mode,
        Tensor coefficient,
        Tensor multiplier,
        Tensor sigmas,
        Tensor scales,
        Tensor dots,
        Tensor multiplierGradient,
        Tensor sigmaGradients) =>
        _launcher.WideRows(
            _kernels.BranchScaleBackward,
            rows: 1,
            threads: 1,
            [(long)mode, coefficient, sigmas.Count, multiplier, sigmas, scales, dots, multiplierGradient, sigmaGradients]);

    /// <inheritdoc/>
    public override void AffineFactorsForward(Tensor t, Tensor b, Tensor factor, Tensor inverseFactor, Tensor inverseShift) =>
        _launcher.Elementwise(_kernels.AffineFactors, t.Count, [t.Count, t, b, factor, inverseFactor, inverseShift]);

    /// <inheritdoc/>
    public override void AffineFactorsBackward(Tensor t, Tensor factorGradient, Tensor gradient) =>
        _launcher.Elementwise(_kernels.AffineFactorsBackward, t.Count, [t.Count, t, factorGradient, gradient]);

    /// <inheritdoc/>
    public override void ChannelRotationsForward(Tensor angles, Tensor matrix)
    {
        int channels = matrix.Shape.Channels, first = 0;
        _launcher.Elementwise(_kernels.ChannelRotationsBegin, matrix.Count, [channels, matrix]);
        for (int distance = 1; distance < channels; distance *= 2)
        {
            int pairs = ChannelRotations.Pairs(channels, distance);
            _launcher.WarpRows(
                _kernels.ChannelRotationsForward, pairs, [pairs, channels, distance, angles.Slice(first, new Shape(pairs)), matrix]);
            first += pairs;
        }
    }

    /// <inheritdoc/>
    public override void ChannelRotationsBackward(Tensor angles, Tensor matrix, Tensor matrixGradient, Tensor gradient)
    {
        int channels = matrix.Shape.Channels, first = (int)angles.Count;
        for (int distance = ChannelRotations.LargestDistance(channels); distance > 0; distance /= 2)
        {
            Shape pairs = new(ChannelRotations.Pairs(channels, distance));
            first -= (int)pairs.Count;
            _launcher.WarpRows(
                _kernels.ChannelRotationsBackward,
                pairs.Count,
                [pairs.Count, channels, distance, angles.Slice(first, pairs), matrix, matrixGradient, gradient.Slice(first, pairs)]);
        }
    }

    /// <inheritdoc/>
    public override void Squeeze(Tensor x, Tensor y) => Elementwise(_kernels.Squeeze, x.Shape, x.Count, x, y);

    /// <inheritdoc/>
    public override void Unsqueeze(Tensor y, Tensor x) => Elementwise(_kernels.Unsqueeze, x.Shape, x.Count, y, x);

    /// <inheritdoc/>
    public override void ResizeChannels(Tensor x, Tensor y) =>
        _launcher.Elementwise(_kernels.ResizeChannels, y.Count, [x.Count / x.Shape.Channels, x.Shape.Channels, x, y.Shape.Channels, y]);

    /// <inheritdoc/>
    public override void SplitChannels(Tensor x, Tensor first, Tensor second) =>
        _launcher.Elementwise(_kernels.SplitChannels, first.Count, [x.Count / x.Shape.Channels, first.Shape.Channels, x, first, second]);

    /// <inheritdoc/>
    public override void MergeChannels(Tensor first, Tensor second, Tensor x) =>
        _launcher.Elementwise(_kernels.MergeChannels, first.Count, [x.Count / x.Shape.Channels, first.Shape.Channels, first, second, x]);

    /// <inheritdoc/>
    public override void GlobalAveragePoolForward(Tensor x, Tensor y) =>
        _launcher.Rows(_kernels.GlobalAveragePoolForward, x.Shape.Batch, [x.Shape.Batch, x.Shape.Positions, x.Shape.Channels, x, y]);

    /// <inheritdoc/>
    public override void GlobalAveragePoolBackward(Tensor dy, Tensor dx) =>
        _launcher.Elementwise(_kernels.GlobalAveragePoolBackward, dx.Count, [dx.Shape.Batch, dx.Shape.Positions, dx.Shape.Channels, dy, dx]);

    /// <inheritdoc/>
    public override void MaxPoolForward(Tensor x, Tensor y) => Elementwise(_kernels.MaxPoolForward, x.Shape, y.Count, x, y);

    /// <inheritdoc/>
    public override void MaxPoolBackward(Tensor x, Tensor dy, Tensor dx)
    {
        (long depth, long height, long width) = Extents(x.Shape);
        _launcher.Elementwise(
            _kernels.MaxPoolBackward, x.Count, [x.Shape.SpatialRank, x.Shape.Batch, depth, height, width, x.Shape.Channels, x, dy, dx]);
    }

    /// <inheritdoc/>
    public override void LinearForward(Tensor x, Tensor w, Tensor bias, Tensor y)
    {
        _matrices.Multiply(x, transposeA: false, w, transposeB: true, y, accumulate: false);
        _launcher.Elementwise(_kernels.LinearBiasAdd, y.Count, [y.Shape[0], y.Shape[1], bias, y]);
    }

    /// <inheritdoc/>
    public override void LinearBackward(Tensor x, Tensor w, Tensor dy, Tensor dx, Tensor dw, Tensor dbias)
    {
        _matrices.Multiply(dy, transposeA: false, w, transposeB: false, dx, accumulate: false);
        _matrices.Multiply(dy, transposeA: true, x, transposeB: false, dw, accumulate: true);
        _launcher.Rows(_kernels.ColumnSumsAdd, (dy.Shape[1] + ColumnsPerBlock - 1) / ColumnsPerBlock, [dy.Shape[0], dy.Shape[1], dy, dbias]);
    }

    /// <inheritdoc/>
    public override void CrossEntropy(Tensor logits, Tensor targets, float gradientScale, Tensor gradient, Tensor statistics) =>
        _launcher.WarpRows(
            _kernels.CrossEntropy,
            logits.Shape[0],
            [logits.Shape[0], logits.Shape[1], logits, targets, gradientScale, gradient, statistics, _memory.Partials, _memory.Counter]);

    /// <inheritdoc/>
    public override void StepVerdict(
        in StepLimits limits,
        Tensor losses,
        Tensor squareSum,
        Tensor inversions,
        Tensor evaluations,
        Tensor coefficients,
        Tensor settings,
        Tensor outcome)
    {
        (long blocks, long stride) = inversions.IsEmpty ? (0, 0) : (inversions.Shape[0], inversions.Shape[1]);
        _launcher.WideRows(
            _kernels.StepVerdict,
            rows: 1,
            KernelLauncher.WarpThreads,
            [
                blocks, stride, limits.Averaging, limits.ClipNorm, limits.HardLimit, limits.Tolerance, limits.Rounding, losses, squareSum, inversions,
                evaluations, coefficients, settings, outcome,
            ]);
    }

    /// <inheritdoc/>
    public override void Sgd(Tensor settings, Tensor gradients, Tensor momentumBuffer, Tensor weights) =>
        _launcher.Elementwise(_kernels.Sgd, weights.Count, [OptimizerNumbers.Groups(settings), settings, gradients, momentumBuffer, weights]);

    /// <inheritdoc/>
    public override void AdamW(Tensor settings, Tensor gradients, Tensor firstMoment, Tensor secondMoment, Tensor weights) =>
        _launcher.Elementwise(
            _kernels.AdamW, weights.Count, [OptimizerNumbers.Groups(settings), settings, gradients, firstMoment, secondMoment, weights]);

    private void Elementwise(CudaFunction kernel, Shape shape, long count, Tensor source, Tensor destination)
    {
        (long depth, long height, long width) = Extents(shape);
        _launcher.Elementwise(kernel, count, [shape.SpatialRank, shape.Batch, depth, height, width, shape.Channels, source, destination]);
    }

    /// <summary>Depth, height and width; depth is 1 in 2-D.</summary>
    private static (long Depth, long Height, long Width) Extents(Shape shape) =>
        shape.SpatialRank == 3 ? (shape.Extent(0), shape.Extent(1), shape.Extent(2)) : (1, shape.Extent(0), shape.Extent(1));
}
