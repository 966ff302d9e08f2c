using RevUp.Tensors;

namespace RevUp.Backends.Cuda;

/// <summary>
/// Sums of the voxel loss: one launch leaves partial sums of shares of the positions, a second one
/// combines them in order.
/// </summary>
public sealed partial class CudaBackend
{
    // Positions of a tile, in segmentation_loss.cu.
    private const long TilePositions = 256;

    // Bounds the partial sums: 8 MiB, or a sample's where that is more.
    private const long PartialDoubles = 1 << 20;

    internal override void SegmentationSums(
        Tensor logits, Tensor labels, Tensor classWeights, Tensor totals, Tensor overlaps)
    {
        (long batch, long positions, long classes) =
            (logits.Shape.Batch, logits.Shape.Positions, logits.Shape.Channels);
        long sums = 4 + (3 * classes), tiles = (positions + TilePositions - 1) / TilePositions;
        long most = Math.Min(KernelLauncher.MaximumBlocks / batch, PartialDoubles / (batch * sums));
        long blocks = Math.Clamp(tiles, 1, Math.Max(1, most));
        Shape shape = new(checked((int)(batch * blocks)), checked((int)sums));
        Tensor partials = Memory.Allocate(shape, ElementType.Float64, MemoryPurpose.Workspace);
        _launcher.Rows(
            _kernels.SegmentationSums, batch * blocks,
            [positions, classes, blocks, logits, labels, classWeights, partials]);
        _launcher.Elementwise(
            _kernels.SegmentationTotal, batch * sums, [batch, classes, blocks, partials, totals, overlaps]);
        Memory.Free(partials);
    }
}
