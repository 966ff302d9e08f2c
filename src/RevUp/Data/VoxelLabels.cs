namespace RevUp.Data;

/// <summary>Numbers with a meaning of their own among the labels of voxels and pixels.</summary>
public static class VoxelLabels
{
    /// <summary>
    /// Label of a position that counts neither in a loss nor in a metric: positions outside a case,
    /// and positions that their annotator left open.
    /// </summary>
    public const ushort Ignored = ushort.MaxValue;
}
