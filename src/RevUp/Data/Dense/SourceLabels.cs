using RevUp.Data.Volumes;

namespace RevUp.Data.Dense;

/// <summary>
/// The label map of a case on the voxels of its files, whose axes are in RAS, where a preparation
/// resampled the case.
/// </summary>
/// <param name="Labels">[D, H, W].</param>
/// <param name="Extents">D, H, W.</param>
/// <param name="Spacing">Millimetres.</param>
/// <param name="Restore">From labels of the prepared case to the voxels of the files.</param>
internal sealed record SourceLabels(
    ushort[] Labels, VolumeExtents Extents, VolumeSpacing Spacing, Func<ushort[], ushort[]> Restore);
