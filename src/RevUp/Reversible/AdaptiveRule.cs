namespace RevUp.Reversible;

/// <summary>
/// How the coefficient c_b of a branch follows an inversion of its block: the measured contraction
/// L̂, and the number k of evaluations that the inversion needed.
/// </summary>
/// <remarks>
/// The bound |s|·∏σ is two to four times larger than the contraction, so c_b may well be above 1:
/// the inversion decides. k = 1 measures no contraction. But one evaluation is enough only where
/// c_b &lt; 1 proves it, and less often the nearer c_b is to 1. So no coefficient passes 1 without
/// a measurement. c_b falls faster than it rises. In a band between the two c_b stays, so that F
/// does not jitter with the noise of the mini-batches.
/// </remarks>
internal static class AdaptiveRule
{
    /// <summary>Factor of a step in which the branch's bound was held back for no need.</summary>
    public const double Rise = 1.01;

    /// <summary>Factor of a step that missed a target.</summary>
    public const double Fall = 0.97;

    /// <summary>Factor of a step whose inversion was refused.</summary>
    public const double Refusal = 0.7;

    /// <summary>Share of the target contraction under which the coefficient may rise.</summary>
    public const double Band = 0.9;

    /// <summary>
    /// c_b is at most this times |s|·∏σ: if weights that shrink left it behind, they could grow
    /// again without being held back.
    /// </summary>
    public const double Headroom = 1.25;

    /// <summary>
    /// c_b is at least this times the coefficient it started from. A norm that is believed too
    /// small is made up for down to here.
    /// </summary>
    public const double Floor = 0.1;

    /// <summary>c_b for the next step.</summary>
    /// <param name="settings">Start and targets.</param>
    /// <param name="coefficient">c_b in this step.</param>
    /// <param name="bound">|s|·∏σ in this step, before it was held under c_b.</param>
    /// <param name="record">
    /// The block's inversion in this step; without evaluations nothing is known, and c_b stays.
    /// </param>
    public static double Next(LipschitzSettings settings, double coefficient, double bound, in InversionRecord record)
    {
        if (record.Evaluations == 0 || !double.IsFinite(bound))
        {
            return coefficient;
        }
        // Corrections that converged without shrinking are at the rounding floor, and their ratio
        // is no contraction.
        double contraction = record.Converged && record.Contraction >= 1 ? double.NaN : record.Contraction;
        double held = Math.Min(coefficient, bound);
        double next = coefficient;
        if (record.Replayed)
        {
            next = Refusal * held;
        }
        else if (contraction > settings.TargetContraction || record.Needed > settings.TargetEvaluations)
        {
            next = Fall * held;
        }
        else if (
            bound > coefficient && record.Needed < settings.TargetEvaluations
                && !(contraction > Band * settings.TargetContraction))
        {
            next = Rise * coefficient;
        }
        double cap = Math.Max(settings.Coefficient, Headroom * bound);
        return Math.Clamp(next, Floor * settings.Coefficient, cap);
    }
}
