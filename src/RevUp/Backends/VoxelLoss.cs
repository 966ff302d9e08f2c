namespace RevUp.Backends;

/// <summary>Numbers of <see cref="Backend.SegmentationFactors"/>.</summary>
/// <param name="DiceWeight">Weight of Dice beside the cross-entropy's 1; 0 for none.</param>
/// <param name="Smoothing">Term of numerator and denominator of every Dice.</param>
/// <param name="FirstClass">0, or 1 to leave the background out of the mean of Dice.</param>
/// <param name="PerSample">0 for sums over the batch, 1 for a Dice of every sample.</param>
internal readonly record struct VoxelLoss(
    double DiceWeight, double Smoothing, double FirstClass, double PerSample);
