using RevUp.Data.Volumes;

namespace RevUp.Data.Dense;

/// <summary>A case after its preparation, in memory.</summary>
/// <param name="Name">Of the case.</param>
/// <param name="Pixels">[D, H, W, C] normalised values.</param>
/// <param name="Labels">[D, H, W]; empty where the case has no label map.</param>
/// <param name="Grid">Where the voxels lie.</param>
/// <param name="Origin">
/// First voxel of the crop along D, H, W in <paramref name="Source"/>.
/// </param>
/// <param name="Source">The grid of the files, its axes in RAS, before the crop.</param>
internal sealed record PreparedCase(
    string Name, float[] Pixels, ushort[] Labels, VolumeGrid Grid, int[] Origin, VolumeGrid Source);
