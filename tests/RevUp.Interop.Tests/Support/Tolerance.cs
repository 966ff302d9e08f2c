namespace RevUp.Interop.Tests.Support;

/// <summary>
/// Error bounds, derived and not tuned. The model is fl(a ∘ b) = (a ∘ b)(1 + δ), |δ| ≤ u, with u =
/// 2⁻ᵖ for p bits of significand (Higham, Accuracy and Stability of Numerical Algorithms, 2nd ed.,
/// §2.2); k such factors are together within 1 ± γₖ, γₖ = k·u / (1 − k·u) (Lemma 3.1), whatever the
/// order of the operations. Inputs are rounded to their storage type before the oracle sees them,
/// so only the operation itself is measured.
/// </summary>
internal static class Tolerance
{
    /// <summary>
    /// Roundings that one exponential costs: 4 ulp = 8 u, what vector mathematics libraries
    /// guarantee.
    /// </summary>
    internal const int Exponential = 8;

    private const double Float32Roundoff = 1.0 / (1 << 24);
    private const double BFloat16Roundoff = 1.0 / (1 << 8);
    private const double Float64Roundoff = 1.0 / (1L << 53);

    // Below the normal range the model adds half a spacing per operation; both storage types share
    // float32's exponent range, and vector units may flush to zero there.
    private const double Underflow = 1.1754943508222875e-38;

    /// <summary>
    /// An expression of up to <paramref name="roundings"/> float32 roundings, whose terms are
    /// <paramref name="magnitude"/> in absolute sum.
    /// </summary>
    internal static double Float32(double roundings, double magnitude) =>
        (Gamma(roundings, Float32Roundoff) * magnitude) + Underflow;

    /// <summary>A sum of <paramref name="terms"/> terms in double.</summary>
    internal static double Float64(double terms, double magnitude) => Gamma(terms, Float64Roundoff) * magnitude;

    /// <summary>
    /// A float32 result that is off by <paramref name="error"/> before it is rounded to its storage
    /// type.
    /// </summary>
    internal static double StoredAs(CpuType type, double expected, double error) =>
        error + Rounding(type, Math.Abs(expected) + error);

    /// <summary>Rounding of a value to a type: u·|value|.</summary>
    internal static double Rounding(CpuType type, double magnitude) =>
        (type == CpuType.Float32 ? Float32Roundoff : BFloat16Roundoff) * Math.Abs(magnitude);

    /// <summary>Every element is within its bound; a NaN never is.</summary>
    internal static void AssertWithin(double[] expected, float[] actual, Func<int, double> bound, string what)
    {
        Assert.HasCount(expected.Length, actual, what);
        for (int i = 0; i < expected.Length; i++)
        {
            AssertWithin(expected[i], actual[i], bound(i), $"{what}, element {i} of {expected.Length}");
        }
    }

    internal static void AssertWithin(double expected, double actual, double bound, string what)
    {
        double error = Math.Abs(actual - expected);
        if (!(error <= bound))
        {
            Assert.Fail(
                $"{what}: {actual:R} instead of {expected:R}; the error {error:E2} is above the bound {bound:E2}.");
        }
    }

    private static double Gamma(double k, double u) => k * u / (1 - (k * u));
}
