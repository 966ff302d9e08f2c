namespace RevUp.Runs;

/// <summary>How far each of K numbers is from its target.</summary>
/// <remarks>
/// R² is 1 − Σ (output − target)² / Σ (target − mean of the targets)²: 1 of a perfect answer, 0 of
/// the mean as every answer, and less of a worse one; NaN where all targets are equal. Means are
/// over the K numbers, each as one.
/// </remarks>
/// <param name="Absolute">Mean absolute error of each number.</param>
/// <param name="Determination">R² of each number.</param>
internal sealed record ErrorMeasures(IReadOnlyList<double> Absolute, IReadOnlyList<double> Determination)
{
    /// <summary>Mean of <see cref="Absolute"/>.</summary>
    public double MeanAbsolute { get; } = Means.Finite(Absolute);

    /// <summary>Mean of <see cref="Determination"/>.</summary>
    public double R2 { get; } = Means.Finite(Determination);
}
