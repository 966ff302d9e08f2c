namespace RevUp.Data.Dense;

/// <summary>A prepared case as its folder describes it, in JSON.</summary>
/// <param name="Name">Of the case.</param>
/// <param name="Part">"train", "validation" or "test".</param>
/// <param name="Extents">Positions along D, H, W.</param>
/// <param name="Spacing">Millimetres along D, H, W.</param>
/// <param name="Affine">
/// [3, 4] by rows: prepared voxel (w, h, d, 1) to millimetres of the patient (right, front, up);
/// null where the files do not say.
/// </param>
/// <param name="Origin">First voxel of the crop along D, H, W, in RAS order.</param>
/// <param name="SourceExtents">Positions of the files along D, H, W, in RAS order.</param>
/// <param name="SourceSpacing">Millimetres of the files along D, H, W.</param>
/// <param name="ChannelBytes">2 for float16, 4 for float32.</param>
/// <param name="LabelBytes">1 or 2; the largest number is an ignored label.</param>
/// <param name="Voxels">Positions of each class.</param>
/// <param name="Indexed">
/// Positions of each class in the index that follows the labels, each four bytes: the number of the
/// position, row by row.
/// </param>
internal sealed record CaseRecord(
    string Name,
    string Part,
    IReadOnlyList<int> Extents,
    IReadOnlyList<double> Spacing,
    IReadOnlyList<double>? Affine,
    IReadOnlyList<int> Origin,
    IReadOnlyList<int> SourceExtents,
    IReadOnlyList<double> SourceSpacing,
    int ChannelBytes,
    int LabelBytes,
    IReadOnlyList<long> Voxels,
    IReadOnlyList<int> Indexed)
{
    private const int Alignment = 8;

    /// <summary>Number of positions.</summary>
    public long Positions => (long)Extents[0] * Extents[1] * Extents[2];

    /// <summary>Where the labels start, in bytes.</summary>
    public long LabelsAt(int channels) => Aligned(Positions * channels * ChannelBytes);

    /// <summary>Where the index of positions starts, in bytes.</summary>
    public long IndexAt(int channels) => Aligned(LabelsAt(channels) + Positions * LabelBytes);

    /// <summary>Bytes of the case's file.</summary>
    public long Length(int channels) => IndexAt(channels) + sizeof(int) * Indexed.Sum(count => (long)count);

    private static long Aligned(long bytes) => (bytes + Alignment - 1) / Alignment * Alignment;
}
