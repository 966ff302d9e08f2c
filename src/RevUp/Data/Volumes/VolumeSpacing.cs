namespace RevUp.Data.Volumes;

/// <summary>Millimetres from voxel to voxel; NaN where they are not known.</summary>
/// <param name="Depth">Along D.</param>
/// <param name="Height">Along H.</param>
/// <param name="Width">Along W.</param>
internal readonly record struct VolumeSpacing(double Depth, double Height, double Width);
