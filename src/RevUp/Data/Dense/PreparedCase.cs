using RevUp.Data.Volumes;

namespace RevUp.Data.Dense;

/// <summary>A case after its preparation, in memory.</summary>
/// <param name="Name">Of the case.</param>
/// <param name="Pixels">[D, H, W, C] normalised values.</param>
/// <param name="Labels">[D, H, W]; empty where the case has no label map.</param>
/// <param name="Grid">Where the voxels lie.</param>
/// <param name="Place">Where the case lies in its files.</param>
/// <param name="SourceLabels">
/// [D, H, W] of the files where the case was resampled; else empty.
/// </param>
internal sealed record PreparedCase(
    string Name, float[] Pixels, ushort[] Labels, VolumeGrid Grid, CropPlace Place, ushort[] SourceLabels);
