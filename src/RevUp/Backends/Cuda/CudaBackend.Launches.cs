using RevUp.Tensors;

namespace RevUp.Backends.Cuda;

/// <summary>
/// Operations of more than one launch. The others are launched as their kernels' headers say.
/// </summary>
public sealed partial class CudaBackend
{
    private const int ColumnsPerBlock = 32;

    // Positions that a block measures: enough to read for a block, few enough for a small batch to
    // fill the device.
    private const long PositionsPerBlock = 64;

    /// <inheritdoc/>
    public override void Cast(Tensor x, Tensor y)
    {
        if (x.Type == y.Type)
        {
            _queue.Driver.Copy(DeviceQueue.Pointer(y), DeviceQueue.Pointer(x), x.Bytes, _queue.Stream);
            _queue.Issued("copy on the device");
            return;
        }
        _launcher.Elementwise(
            x.Type == ElementType.Float32 ? _kernels.CastF32Bf16 : _kernels.CastBf16F32, x.Count, [x.Count, x, y]);
    }

    /// <summary>
    /// One launch for a channel's range and one for its codes, because a step needs the range
    /// first.
    /// </summary>
    internal override void QuantizeResidual(
        int bits, Tensor x, Tensor z, Tensor s, Tensor y, Tensor decoded, Tensor codes, Tensor steps)
    {
        (long batch, long positions, long channels) = (x.Shape.Batch, x.Shape.Positions, x.Shape.Channels);
        Shape shape = new(x.Shape.Batch, x.Shape.Channels);
        Tensor ranges = Memory.Allocate(shape, ElementType.Float32, MemoryPurpose.Workspace);
        Fill(ranges, 0);
        _launcher.Rows(
            _kernels.QuantizeRange(z.Type),
            batch * ((positions + PositionsPerBlock - 1) / PositionsPerBlock),
            [batch, positions, channels, PositionsPerBlock, x, z, s, y, decoded, ranges]);
        _launcher.Elementwise(
            _kernels.QuantizeEncode(bits), x.Count, [batch, positions, channels, y, ranges, decoded, codes, steps]);
        Memory.Free(ranges);
    }

    internal override void ChannelRotationsForward(Tensor angles, Tensor matrix)
    {
        int channels = matrix.Shape.Channels, first = 0;
        _launcher.Elementwise(_kernels.ChannelRotationsBegin, matrix.Count, [channels, matrix]);
        for (int distance = 1; distance < channels; distance *= 2)
        {
            int pairs = ChannelRotations.Pairs(channels, distance);
            _launcher.WarpRows(
                _kernels.ChannelRotationsForward, pairs,
                [pairs, channels, distance, angles.Slice(first, new Shape(pairs)), matrix]);
            first += pairs;
        }
    }

    internal override void ChannelRotationsBackward(
        Tensor angles, Tensor matrix, Tensor matrixGradient, Tensor gradient)
    {
        int channels = matrix.Shape.Channels, first = (int)angles.Count;
        for (int distance = ChannelRotations.LargestDistance(channels); distance > 0; distance /= 2)
        {
            Shape pairs = new(ChannelRotations.Pairs(channels, distance));
            first -= (int)pairs.Count;
            _launcher.WarpRows(
                _kernels.ChannelRotationsBackward,
                pairs.Count,
                [
                    pairs.Count,
                    channels,
                    distance,
                    angles.Slice(first, pairs),
                    matrix,
                    matrixGradient,
                    gradient.Slice(first, pairs),
                ]);
        }
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
        _launcher.Rows(_kernels.ColumnSumsAdd, ColumnGroups(dy.Shape[1]), [dy.Shape[0], dy.Shape[1], dy, dbias]);
    }

    private static long ColumnGroups(long columns) => (columns + ColumnsPerBlock - 1) / ColumnsPerBlock;
}
