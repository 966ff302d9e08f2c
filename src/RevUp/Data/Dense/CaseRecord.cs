using System.Text.Json.Serialization;

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
/// <param name="Place">Where the case lies in its files.</param>
/// <param name="ChannelBytes">2 for float16, 4 for float32.</param>
/// <param name="LabelBytes">1 or 2; the largest number is an ignored label.</param>
/// <param name="Voxels">Positions of each class.</param>
/// <param name="Indexed">
/// Positions of each class in the index that follows the labels, each four bytes: the number of the
/// position, row by row.
/// </param>
/// <param name="HasSource">
/// Whether the labels on the voxels of the files follow at the end, because the case was resampled.
/// </param>
internal sealed record CaseRecord(
    string Name,
    string Part,
    IReadOnlyList<int> Extents,
    IReadOnlyList<double> Spacing,
    IReadOnlyList<double>? Affine,
    CropPlace Place,
    int ChannelBytes,
    int LabelBytes,
    IReadOnlyList<long> Voxels,
    IReadOnlyList<int> Indexed,
    bool HasSource)
{
    private const int Alignment = 8;

    /// <summary>Number of positions.</summary>
    [JsonIgnore]
    public long Positions => (long)Extents[0] * Extents[1] * Extents[2];

    /// <summary>Number of voxels of the files.</summary>
    [JsonIgnore]
    public long SourcePositions => (long)Place.Source[0] * Place.Source[1] * Place.Source[2];

    /// <summary>Where the labels start, in bytes.</summary>
    public long LabelsAt(int channels) => Aligned(Positions * channels * ChannelBytes);

    /// <summary>Where the index of positions starts, in bytes.</summary>
    public long IndexAt(int channels) => Aligned(LabelsAt(channels) + Positions * LabelBytes);

    /// <summary>Bytes of the case's file.</summary>
    public long Length(int channels) => SourceAt(channels) + (HasSource ? SourcePositions * LabelBytes : 0);

    /// <summary>Where the labels of the files' voxels start, in bytes.</summary>
    public long SourceAt(int channels) => IndexAt(channels) + sizeof(int) * Indexed.Sum(count => (long)count);

    /// <summary>Whether this can be the record of a case of a prepared folder.</summary>
    public bool Describes(string name, int channels, int classes)
    {
        bool hasAxes = Extents.Count == 3 && Spacing.Count == 3 && Place.Origin.Count == 3 && Place.Box.Count == 3
            && Place.Source.Count == 3 && Place.Spacing.Count == 3 && Affine is null or { Count: 12 };
        return hasAxes && Name == name && Extents.All(extent => extent > 0)
            && Enumerable.Range(0, 3).All(axis => Place.Origin[axis] >= 0 && Place.Box[axis] > 0
                && (long)Place.Origin[axis] + Place.Box[axis] <= Place.Source[axis] && Place.Spacing[axis] > 0)
            && (Int128)Place.Source[0] * Place.Source[1] * Place.Source[2] <= Array.MaxLength
            && (Int128)Extents[0] * Extents[1] * Extents[2] * channels <= Array.MaxLength
            && ChannelBytes is 2 or 4 && LabelBytes is 1 or 2 && Voxels.Count == classes && Indexed.Count == classes
            && Indexed.All(count => count >= 0 && count <= Positions) && Voxels.All(count => count >= 0);
    }

    private static long Aligned(long bytes) => (bytes + Alignment - 1) / Alignment * Alignment;
}
