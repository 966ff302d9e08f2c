namespace RevUp.Runs;

/// <summary>How well the mask of one class agrees with the truth, in one case or in all.</summary>
/// <param name="TruePositives">Voxels of both masks.</param>
/// <param name="FalsePositives">Voxels of the predicted mask alone.</param>
/// <param name="FalseNegatives">Voxels of the true mask alone.</param>
/// <param name="VoxelVolume">Volume of a voxel in mm³.</param>
/// <param name="Hd95">
/// 95th percentile of the surface distances in mm (<see cref="SurfaceDistance"/>); NaN of a class
/// that neither mask has, or where it was not measured. Where one mask alone has the class, the
/// diagonal of the volume: a mask that is missing is no better than one at the far corner.
/// </param>
internal readonly record struct ClassOverlap(
    long TruePositives, long FalsePositives, long FalseNegatives, double VoxelVolume, double Hd95)
{
    /// <summary>2 TP / (2 TP + FP + FN); NaN of a class that neither mask has.</summary>
    public double Dice => 2.0 * TruePositives / (2 * TruePositives + FalsePositives + FalseNegatives);

    /// <summary>TP / (TP + FP + FN); NaN of a class that neither mask has.</summary>
    public double Iou => (double)TruePositives / (TruePositives + FalsePositives + FalseNegatives);

    /// <summary>Volume of the true mask in mm³.</summary>
    public double TrueVolume => (TruePositives + FalseNegatives) * VoxelVolume;

    /// <summary>Volume of the predicted mask in mm³.</summary>
    public double PredictedVolume => (TruePositives + FalsePositives) * VoxelVolume;
}
