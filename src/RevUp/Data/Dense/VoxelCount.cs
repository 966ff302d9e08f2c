namespace RevUp.Data.Dense;

/// <summary>Positions of one class.</summary>
internal sealed record VoxelCount(string Name, long Voxels);
