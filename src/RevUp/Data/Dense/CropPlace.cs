using System.Text.Json.Serialization;
using RevUp.Data.Volumes;

namespace RevUp.Data.Dense;

/// <summary>Where a prepared case lies in the volume of its files, whose axes are in RAS.</summary>
/// <param name="Origin">First voxel of the crop along D, H, W.</param>
/// <param name="Box">Voxels of the crop along D, H, W.</param>
/// <param name="Source">Voxels of the files along D, H, W.</param>
/// <param name="Spacing">Millimetres of the files along D, H, W.</param>
internal sealed record CropPlace(
    IReadOnlyList<int> Origin, IReadOnlyList<int> Box, IReadOnlyList<int> Source, IReadOnlyList<double> Spacing)
{
    /// <summary>Positions of the files.</summary>
    [JsonIgnore]
    public VolumeExtents SourceExtents => ExtentsOf(Source);

    /// <summary>Positions of the crop.</summary>
    [JsonIgnore]
    public VolumeExtents BoxExtents => ExtentsOf(Box);

    /// <summary>The place of a crop of a grid.</summary>
    public static CropPlace Of(VolumeGrid source, int[] origin, VolumeExtents box) =>
        new(origin, Axes(box), Axes(source.Extents), source.Spacing);

    private static int[] Axes(VolumeExtents extents) => [extents.Depth, extents.Height, extents.Width];

    private static VolumeExtents ExtentsOf(IReadOnlyList<int> axes) => new(axes[0], axes[1], axes[2], 1);
}
