namespace RevUp.Tests.Support;

/// <summary>
/// Float32 rounding, as probabilistic error analysis gives it (Higham and Mary, SIAM J. Sci.
/// Comput. 41(5), 2019).
/// </summary>
internal static class Rounding
{
    /// <summary>u, the unit roundoff of float32.</summary>
    public const double Float32 = 1.0 / (1 << 24);

    // The bound λ·√k·u on k roundings holds with a probability of at least 1 − 2·exp(−λ²/2) each: 1
    // − 10⁻⁷ for 6.
    private const double Lambda = 6;

    /// <summary>
    /// Norm-wise relative error of <paramref name="operations"/> operations in a row, each with
    /// sums of at most <paramref name="terms"/> terms.
    /// </summary>
    public static double Chain(int operations, long terms) => operations * Lambda * Math.Sqrt(terms) * Float32;
}
