namespace RevUp.Data.Volumes;

/// <summary>Brings label maps whose axes were oriented back to the order of their file.</summary>
internal static class StoredOrder
{
    /// <summary>Undoes <see cref="VolumeBuffer.Orient"/>.</summary>
    /// <param name="labels">[D, H, W] as oriented.</param>
    /// <param name="stored">Extents as the file has them.</param>
    /// <param name="axes">As they were given to <see cref="VolumeBuffer.Orient"/>.</param>
    /// <returns>[D, H, W] as stored; the labels themselves where nothing moves.</returns>
    public static ushort[] Of(ushort[] labels, VolumeExtents stored, (int Axis, bool Flip)[] axes)
    {
        if (axes is [(0, false), (1, false), (2, false)])
        {
            return labels;
        }
        int[] extents = [stored.Width, stored.Height, stored.Depth];
        int[] strides = [1, stored.Width, stored.Width * stored.Height];
        int first = axes.Sum(axis => axis.Flip ? (extents[axis.Axis] - 1) * strides[axis.Axis] : 0);
        int[] steps = [.. axes.Select(axis => axis.Flip ? -strides[axis.Axis] : strides[axis.Axis])];
        VolumeExtents oriented = VolumeBuffer.Oriented(stored, axes);
        ushort[] result = new ushort[labels.Length];
        int at = 0;
        for (int d = 0; d < oriented.Depth; d++)
        {
            for (int h = 0; h < oriented.Height; h++)
            {
                int target = first + d * steps[2] + h * steps[1];
                for (int w = 0; w < oriented.Width; w++, target += steps[0])
                {
                    result[target] = labels[at++];
                }
            }
        }
        return result;
    }
}
