using RevUp.Data;
using RevUp.Data.Volumes;

namespace RevUp.Runs;

/// <summary>A box of voxels in a volume.</summary>
/// <param name="Depth">First plane.</param>
/// <param name="Height">First row.</param>
/// <param name="Width">First voxel of a row.</param>
/// <param name="Extents">Its size; the channels are 1.</param>
internal readonly record struct VoxelBox(int Depth, int Height, int Width, VolumeExtents Extents)
{
    /// <summary>
    /// The least box of each class with all its voxels of both maps, but ignored ones; empty for a
    /// class without voxels.
    /// </summary>
    /// <param name="predicted">[D, H, W].</param>
    /// <param name="truth">[D, H, W].</param>
    /// <param name="extents">D, H, W.</param>
    /// <param name="classes">K.</param>
    public static VoxelBox[] OfClasses(
        ReadOnlySpan<ushort> predicted, ReadOnlySpan<ushort> truth, VolumeExtents extents, int classes)
    {
        // [class][axis]
        int[,] least = new int[classes, 3], most = new int[classes, 3];
        for (int k = 0; k < classes; k++)
        {
            (least[k, 0], least[k, 1], least[k, 2]) = (int.MaxValue, int.MaxValue, int.MaxValue);
            (most[k, 0], most[k, 1], most[k, 2]) = (-1, -1, -1);
        }
        for (int row = 0, i = 0; row < extents.Depth * extents.Height; row++)
        {
            (int d, int h) = (row / extents.Height, row % extents.Height);
            for (int w = 0; w < extents.Width; w++, i++)
            {
                if (truth[i] != VoxelLabels.Ignored)
                {
                    Include(truth[i], d, h, w);
                    Include(predicted[i], d, h, w);
                }
            }
        }
        VoxelBox[] boxes = new VoxelBox[classes];
        for (int k = 0; k < classes; k++)
        {
            boxes[k] = most[k, 0] < 0 ? default : new VoxelBox(
                least[k, 0],
                least[k, 1],
                least[k, 2],
                new VolumeExtents(
                    most[k, 0] - least[k, 0] + 1, most[k, 1] - least[k, 1] + 1, most[k, 2] - least[k, 2] + 1, 1));
        }
        return boxes;

        void Include(int k, int d, int h, int w)
        {
            (least[k, 0], most[k, 0]) = (Math.Min(least[k, 0], d), Math.Max(most[k, 0], d));
            (least[k, 1], most[k, 1]) = (Math.Min(least[k, 1], h), Math.Max(most[k, 1], h));
            (least[k, 2], most[k, 2]) = (Math.Min(least[k, 2], w), Math.Max(most[k, 2], w));
        }
    }

    /// <summary>Where a row of the box begins in the volume [D, H, W].</summary>
    /// <param name="row">Row of the box, counted through its planes.</param>
    /// <param name="volume">Extents of the volume.</param>
    public int RowStart(int row, VolumeExtents volume) =>
        ((Depth + row / Extents.Height) * volume.Height + Height + row % Extents.Height) * volume.Width + Width;
}
