namespace RevUp.Backends;

/// <summary>Limits of <see cref="Backend.StepVerdict"/>.</summary>
/// <param name="Averaging">Factor from the sum of gradients to their average: 1 / batches.</param>
/// <param name="ClipNorm">Largest norm of the average gradient; 0 for no limit.</param>
/// <param name="HardLimit">Largest inversion residual.</param>
/// <param name="Tolerance">
/// Largest bound of the error of an inversion where only convergence proves an inverse.
/// </param>
/// <param name="Rounding">
/// Residual that is as small as float32 allows, and bounds the error itself.
/// </param>
internal readonly record struct StepLimits(
    double Averaging, double ClipNorm, double HardLimit, double Tolerance, double Rounding);
