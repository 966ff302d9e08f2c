namespace RevUp.Layers;

/// <summary>From the trained t and b of a <see cref="ChannelAffine"/> to the numbers it is computed with, channel by channel, and back.</summary>
public static class AffineFactors
{
    /// <summary>a = 2^tanh(t), 1/a, and −b/a, each rounded once.</summary>
    public static void Forward(
        ReadOnlySpan<float> t, ReadOnlySpan<float> b, Span<float> factor, Span<float> inverseFactor, Span<float> inverseShift)
    {
        for (int c = 0; c < t.Length; c++)
        {
            double a = Factor(t[c]);
            factor[c] = (float)a;
            inverseFactor[c] = (float)(1 / a);
            inverseShift[c] = (float)(-b[c] / a);
        }
    }

    /// <summary>dt += da · a · ln 2 · (1 − tanh²(t)).</summary>
    public static void Backward(ReadOnlySpan<float> t, ReadOnlySpan<float> factorGradient, Span<float> gradient)
    {
        for (int c = 0; c < t.Length; c++)
        {
            double tanh = Math.Tanh(t[c]);
            gradient[c] += (float)(factorGradient[c] * Factor(t[c]) * (Math.Log(2) * (1 - tanh * tanh)));
        }
    }

    private static double Factor(double t) => Math.Pow(2, Math.Tanh(t));
}
