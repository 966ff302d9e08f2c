using RevUp.Tensors;

namespace RevUp.Data.Transforms;

/// <summary>The symmetric Beta distribution.</summary>
internal static class Beta
{
    /// <summary>
    /// λ ~ Beta(α, α) as X / (X + Y) of two Gamma(α) variables, from their logarithms: for small α
    /// both would underflow.
    /// </summary>
    public static double Draw(ref CounterRandom random, double alpha)
    {
        double x = LogGamma(ref random, alpha), y = LogGamma(ref random, alpha);
        return 1 / (1 + Math.Exp(y - x));
    }

    // ln of a Gamma(α) variable: Marsaglia and Tsang, A Simple Method for Generating Gamma
    // Variables (ACM TOMS 26, 2000), for α + 1; then Gamma(α) is Gamma(α + 1)·U^(1/α), their
    // section 6.
    private static double LogGamma(ref CounterRandom random, double alpha)
    {
        double d = alpha + 1 - 1.0 / 3, c = 1 / Math.Sqrt(9 * d);
        while (true)
        {
            double normal = random.NextNormal(), root = 1 + c * normal;
            double v = root * root * root, u = 1 - random.NextDouble();
            if (v > 0 && Math.Log(u) < 0.5 * normal * normal + d - d * v + d * Math.Log(v))
            {
                return Math.Log(d * v) + Math.Log(1 - random.NextDouble()) / alpha;
            }
        }
    }
}
