namespace RevUp.Interop.Tests.Conformance;

[TestClass]
internal sealed class AffineFactorsTests
{
    // One rounding to float32; those in float64 before it are fewer than fifty.
    private const double OneRounding = 1 + 1e-6;

    [TestMethod]
    [EveryBackend]
    internal void FactorsMatchTheOracle(DeviceOperations operations)
    {
        foreach (int channels in Inputs.Counts[..^1])
        {
            (float[] t, float[] b) = Parameters(channels);
            (double[] factor, double[] inverseFactor, double[] inverseShift) = Oracle.AffineFactorsForward(
                Oracle.Widen(t), Oracle.Widen(b));

            (float[] Factor, float[] InverseFactor, float[] InverseShift) actual =
                operations.AffineFactorsForward(t, b);

            Tolerance.AssertWithin(factor, actual.Factor, i => Tolerance.Float32(OneRounding, factor[i]), "factor");
            Tolerance.AssertWithin(
                inverseFactor, actual.InverseFactor, i => Tolerance.Float32(OneRounding, inverseFactor[i]),
                "inverse factor");
            Tolerance.AssertWithin(
                inverseShift, actual.InverseShift, i => Tolerance.Float32(OneRounding, Math.Abs(inverseShift[i])),
                "inverse shift");
        }
    }

    [TestMethod]
    [EveryBackend]
    internal void GradientsMatchTheOracle(DeviceOperations operations)
    {
        foreach (int channels in Inputs.Counts[..^1])
        {
            (float[] t, float[] before) = Parameters(channels);
            float[] factorGradient = new Inputs(channels + 1).Uniform(channels);
            double[] term = Oracle.AffineFactorsBackward(
                Oracle.Widen(t), Oracle.Widen(factorGradient), new double[channels]);
            double[] expected = [.. term.Select((value, i) => before[i] + value)];

            float[] actual = operations.AffineFactorsBackward(t, factorGradient, before);

            // 1 − tanh² cancels: it keeps the absolute error of float64, which factors of up to 2
            // and the gradient scale.
            Tolerance.AssertWithin(
                expected, actual,
                i => Tolerance.Float32(
                    2,
                    Math.Abs(before[i]) + Math.Abs(term[i])) + Tolerance.Float64(8,
                    2 * Math.Abs(factorGradient[i])), "gradient");
        }
    }

    [TestMethod]
    [EveryBackend]
    internal void FactorsStayBetweenAHalfAndTwo(DeviceOperations operations)
    {
        float[] t = [float.NegativeInfinity, -100, 0, 100, float.PositiveInfinity];

        (float[] Factor, float[] InverseFactor, float[] InverseShift) actual =
            operations.AffineFactorsForward(t, new float[5]);

        CollectionAssert.AreEqual(new[] { 0.5f, 0.5f, 1, 2, 2 }, actual.Factor);
        CollectionAssert.AreEqual(new[] { 2, 2, 1, 0.5f, 0.5f }, actual.InverseFactor);
    }

    private static (float[] T, float[] B) Parameters(int channels)
    {
        Inputs inputs = new(channels);
        return (inputs.Uniform(channels, limit: 4), inputs.Uniform(channels));
    }
}
