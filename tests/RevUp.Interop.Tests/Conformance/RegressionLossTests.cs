namespace RevUp.Interop.Tests.Conformance;

[TestClass]
internal sealed class RegressionLossTests
{
    [TestMethod]
    [EveryBackend]
    internal void LossAndGradientMatchTheOracle(DeviceOperations operations)
    {
        foreach ((int batch, int outputs) in ((int, int)[])[(1, 1), (3, 10), (67, 101), (9000, 1)])
        {
            Inputs inputs = new(batch);
            float[] values = inputs.Uniform((long)batch * outputs, 3);
            float[] targets = inputs.Uniform((long)batch * outputs, 2);
            float scale = 1f / batch;
            foreach (float delta in (float[])[0, 0.5f, 100])
            {
                string what = $"regression of {batch}x{outputs}, delta {delta}";
                (double[] gradient, double[] statistics) = Oracle.RegressionLoss(
                    batch, Oracle.Widen(values), Oracle.Widen(targets), delta, scale, withGradient: true, [0, 0]);

                foreach (Alias alias in (Alias[])[Alias.None, Alias.Values])
                {
                    (float[] actual, double[] sums) = operations.RegressionLoss(
                        batch, values, targets, delta, scale, withGradient: true, [3, 5], alias);

                    // Differences and slopes are in double: one rounding, to float32, is left.
                    Tolerance.AssertWithin(
                        gradient, actual, i => Tolerance.Float32(1.001, Math.Abs(gradient[i])),
                        $"gradient of {what}, aliases {alias}");
                    AssertSums(statistics, sums, outputs, batch, what);
                }
                double[] evaluation = operations.RegressionLoss(
                    batch, values, targets, delta, scale, withGradient: false, [3, 5]).Statistics;
                AssertSums(statistics, evaluation, outputs, batch, what);
            }
        }
    }

    /// <summary>On both sides of delta, and at it, by hand.</summary>
    [TestMethod]
    [EveryBackend]
    internal void HubersLossIsLinearBeyondDelta(DeviceOperations operations)
    {
        (float[] gradient, double[] statistics) = operations.RegressionLoss(
            1, [1, -2, 5, -5], [0, 0, 0, 0], 2, 4, withGradient: true, [0, 0]);

        CollectionAssert.AreEqual((float[])[1, -2, 2, -2], gradient);
        Assert.AreEqual((0.5 + 2 + 8 + 8) / 4, statistics[0]);
        Assert.AreEqual(13.0 / 4, statistics[1]);
    }

    [TestMethod]
    [EveryBackend]
    internal void NumbersThatAreNotFiniteShow(DeviceOperations operations)
    {
        foreach (float delta in (float[])[0, 1])
        {
            double[] statistics = operations.RegressionLoss(
                2, [1, float.NaN], [1, 1], delta, 1, withGradient: false, [0, 0]).Statistics;

            Assert.IsTrue(double.IsNaN(statistics[0]), $"delta {delta}");
        }
    }

    // Both are sums in double, of terms of one sign.
    private static void AssertSums(double[] expected, double[] actual, int outputs, int batch, string what)
    {
        double terms = batch + outputs + 16;
        Tolerance.AssertWithin(
            3 + expected[0], actual[0], Tolerance.Float64(terms, 3 + expected[0]), $"loss of {what}");
        Tolerance.AssertWithin(
            5 + expected[1], actual[1], Tolerance.Float64(terms, 5 + expected[1]), $"absolute errors of {what}");
    }
}
