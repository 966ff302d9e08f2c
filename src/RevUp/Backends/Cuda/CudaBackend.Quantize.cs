using RevUp.Tensors;

namespace RevUp.Backends.Cuda;

/// <summary>Streams kept as quantised differences: one launch for a channel's range and one for its codes, since a step needs the range first.</summary>
public sealed partial class CudaBackend
{
    // Positions that a block measures: enough to read for a block, few enough for a small batch to fill the device.
    private const long PositionsPerBlock = 64;

    /// <inheritdoc/>
    public override void QuantizeBegin(Tensor x, Tensor decoded) => _launcher.Elementwise(_kernels.QuantizeBegin, x.Count, [x.Count, x, decoded]);

    /// <inheritdoc/>
    public override void QuantizeResidual(int bits, Tensor x, Tensor z, Tensor s, Tensor y, Tensor decoded, Tensor codes, Tensor steps)
    {
        (long batch, long positions, long channels) = (x.Shape.Batch, x.Shape.Positions, x.Shape.Channels);
        Tensor ranges = Memory.Allocate(new Shape(x.Shape.Batch, x.Shape.Channels), ElementType.Float32, MemoryPurpose.Workspace);
        Fill(ranges, 0);
        _launcher.Rows(
            _kernels.QuantizeRange(z.Type),
            batch * ((positions + PositionsPerBlock - 1) / PositionsPerBlock),
            [batch, positions, channels, PositionsPerBlock, x, z, s, y, decoded, ranges]);
        _launcher.Elementwise(_kernels.QuantizeEncode(bits), x.Count, [batch, positions, channels, y, ranges, decoded, codes, steps]);
        Memory.Free(ranges);
    }

    /// <inheritdoc/>
    public override void QuantizeRetrace(int bits, Tensor codes, Tensor steps, Tensor decoded) =>
        _launcher.Elementwise(
            _kernels.QuantizeRetrace(bits),
            decoded.Count,
            [decoded.Shape.Batch, decoded.Shape.Positions, decoded.Shape.Channels, codes, steps, decoded]);
}
