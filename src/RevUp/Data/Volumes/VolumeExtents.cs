namespace RevUp.Data.Volumes;

/// <summary>Size of a volume in voxels, and values of each.</summary>
/// <param name="Depth">D.</param>
/// <param name="Height">H.</param>
/// <param name="Width">W, the fastest.</param>
/// <param name="Channels">C.</param>
internal readonly record struct VolumeExtents(int Depth, int Height, int Width, int Channels)
{
    /// <summary>Extents of samples [1, D, H, W, C], or [1, H, W, C].</summary>
    public static VolumeExtents Of(Tensors.Shape sample) =>
        new(
            sample.SpatialRank == 3 ? sample.Extent(0) : 1,
            sample[sample.Rank - 3],
            sample[sample.Rank - 2],
            sample.Channels);

    /// <summary>
    /// Number of values; at most 2^78, which a double holds well enough to compare.
    /// </summary>
    public double Count => (double)Depth * Height * Width * Channels;

    public override string ToString() => FormattableString.Invariant($"{Depth} × {Height} × {Width} × {Channels}");
}
