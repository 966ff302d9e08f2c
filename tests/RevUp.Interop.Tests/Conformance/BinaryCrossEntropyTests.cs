namespace RevUp.Interop.Tests.Conformance;

[TestClass]
internal sealed class BinaryCrossEntropyTests
{
    private const float LogitLimit = 10;

    [TestMethod]
    [EveryBackend]
    internal void LossAndGradientMatchTheOracle(DeviceOperations operations)
    {
        foreach ((int batch, int outputs) in ((int, int)[])[(1, 1), (3, 10), (67, 101), (9000, 1)])
        {
            Inputs inputs = new(batch);
            float[] logits = inputs.Uniform((long)batch * outputs, LogitLimit);
            // Hard labels and soft ones.
            float[] targets = [.. inputs.Uniform((long)batch * outputs, 1).Select(
                (value, i) => i % 3 == 0 ? Math.Abs(value) : value > 0 ? 1 : 0)];
            float scale = 1f / batch;
            string what = $"binary cross-entropy of {batch}x{outputs}";
            (double[] gradient, double[] statistics) = Oracle.BinaryCrossEntropy(
                batch, Oracle.Widen(logits), Oracle.Widen(targets), scale, withGradient: true, [0, 0]);

            foreach (Alias alias in (Alias[])[Alias.None, Alias.Logits])
            {
                (float[] actual, double[] sums) =
                    operations.BinaryCrossEntropy(batch, logits, targets, scale, withGradient: true, [3, 5], alias);

                // e^-|z| inherits no rounding of z; q = e / (1 + e) adds two, 1 - t and the
                // difference one each, the scale two. |gradient| can be far below both terms.
                double q = Tolerance.Exponential + 2;
                Tolerance.AssertWithin(
                    gradient,
                    actual,
                    i => Tolerance.Float32(q + 4, scale / outputs * (Tail(logits[i]) + Denied(logits[i], targets[i]))),
                    $"gradient of {what}, aliases {alias}");
                Assert.AreEqual(5 + statistics[1], sums[1], $"correct rows of {what}");
            }

            // log(1 + e) has an absolute error of e's; w * |z| the one of 1 - t.
            double perRow = Tolerance.Float32(Tolerance.Exponential + 1, 1 + LogitLimit);
            double[] evaluation = operations.BinaryCrossEntropy(
                batch, logits, targets, scale, withGradient: false, [3, 5]).Statistics;
            Tolerance.AssertWithin(3 + statistics[0], evaluation[0], batch * perRow, $"loss of {what}");
            Assert.AreEqual(5 + statistics[1], evaluation[1], $"correct rows of {what} without a gradient");
        }

        static double Tail(float z) => 1 / (1 + Math.Exp(Math.Abs(z)));

        static double Denied(float z, float t) => z > 0 ? 1 - t : t;
    }

    [TestMethod]
    [EveryBackend]
    internal void LargeLogitsNeitherOverflowNorCost(DeviceOperations operations)
    {
        // Right answers far out cost nothing and have no gradient; the wrong one costs its
        // distance from 0, and its gradient is whole.
        (float[] gradient, double[] statistics) = operations.BinaryCrossEntropy(
            1, [1000, -1000, -3000, float.PositiveInfinity], [1, 0, 1, 1], 4, withGradient: true, [0, 0]);

        CollectionAssert.AreEqual((float[])[0, 0, -1, 0], gradient);
        Assert.AreEqual(3000.0 / 4, statistics[0]);
        Assert.AreEqual(0, statistics[1]);
    }

    /// <summary>
    /// Where the answer is nearly right, p and 1 are equal to float32, and the gradient is not 0.
    /// </summary>
    [TestMethod]
    [EveryBackend]
    internal void GradientsKeepTheirDigitsNearTheAnswer(DeviceOperations operations)
    {
        (float[] gradient, _) =
            operations.BinaryCrossEntropy(1, [30, -30], [1, 0], 2, withGradient: true, [0, 0]);

        double tail = 1 / (1 + Math.Exp(30));
        double bound = Tolerance.Float32(Tolerance.Exponential + 5, tail);
        Tolerance.AssertWithin(-tail, gradient[0], bound, "gradient of a sure yes");
        Tolerance.AssertWithin(tail, gradient[1], bound, "gradient of a sure no");
    }
}
