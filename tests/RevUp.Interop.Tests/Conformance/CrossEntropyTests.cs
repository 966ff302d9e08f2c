namespace RevUp.Interop.Tests.Conformance;

[TestClass]
internal sealed class CrossEntropyTests
{
    private const float LogitLimit = 10;

    [TestMethod]
    [EveryBackend]
    internal void LossAndGradientMatchTheOracle(DeviceOperations operations)
    {
        foreach ((int batch, int classes) in ((int, int)[])[(1, 1), (3, 10), (67, 101), (129, 1000)])
        {
            Inputs inputs = new(batch);
            float[] logits = inputs.Uniform((long)batch * classes, LogitLimit);
            float[] targets = inputs.Distributions(batch, classes);
            float scale = 1f / batch;
            string what = $"cross-entropy of {batch}x{classes}";
            (double[] gradient, double[] statistics) =
                Oracle.CrossEntropy(
                    batch, Oracle.Widen(logits), Oracle.Widen(targets), scale, withGradient: true, [0, 0]);

            foreach (Alias alias in (Alias[])[Alias.None, Alias.Logits])
            {
                (float[] actual, double[] sums) =
                    operations.CrossEntropy(batch, logits, targets, scale, withGradient: true, [3, 5], alias);

                // A logit less the row's maximum is off by u times at most 2 * limit, and so is its
                // exponential, relatively; their sum adds one rounding a class. A softmax is the
                // quotient of two such values.
                double exponential = Tolerance.Exponential + (2 * LogitLimit);
                double softmax = (2 * exponential) + classes + 3;
                Tolerance.AssertWithin(
                    gradient,
                    actual,
                    i => Tolerance.Float32(softmax, Math.Abs(gradient[i]) + (2 * scale * targets[i])),
                    $"gradient of {what}, aliases {alias}");
                Assert.AreEqual(5 + statistics[1], sums[1], $"correct rows of {what}");
            }

            // The logarithm of the sum of exponentials inherits its relative error as an absolute
            // one; targets weigh values up to 2 * limit + log(classes).
            double perRow = Tolerance.Float32(
                Tolerance.Exponential + (2 * LogitLimit) + classes + 4, 1 + (2 * LogitLimit) + Math.Log(classes));
            double[] evaluation = operations.CrossEntropy(
                batch, logits, targets, scale, withGradient: false, [3, 5]).Statistics;
            Tolerance.AssertWithin(3 + statistics[0], evaluation[0], batch * perRow, $"loss of {what}");
            Assert.AreEqual(5 + statistics[1], evaluation[1], $"correct rows of {what} without a gradient");
        }
    }

    /// <summary>
    /// A row of targets that sums to w is the row that sums to 1, with w times its loss and its
    /// gradient.
    /// </summary>
    [TestMethod]
    [EveryBackend]
    internal void ARowCountsByTheSumOfItsTargets(DeviceOperations operations)
    {
        (int batch, int classes) = (67, 101);
        Inputs inputs = new(batch);
        float[] logits = inputs.Uniform((long)batch * classes, LogitLimit);
        float[] targets = inputs.Distributions(batch, classes);
        double weightSum = 0;
        for (int row = 0; row < batch; row++)
        {
            // 0 in row 0, which then costs nothing.
            float weight = row / 8f;
            weightSum += weight;
            foreach (ref float target in targets.AsSpan(row * classes, classes))
            {
                target *= weight;
            }
        }
        (double[] gradient, double[] statistics) = Oracle.CrossEntropy(
            batch, Oracle.Widen(logits), Oracle.Widen(targets), 1, withGradient: true, [0, 0]);

        (float[] actual, double[] sums) = operations.CrossEntropy(
            batch, logits, targets, 1, withGradient: true, [0, 0]);

        double softmax = (2 * (Tolerance.Exponential + (2 * LogitLimit))) + classes + 4;
        Tolerance.AssertWithin(
            gradient,
            actual,
            i => Tolerance.Float32(softmax, Math.Abs(gradient[i]) + (2 * targets[i])),
            "gradient of weighted rows");
        double perWeight = Tolerance.Float32(
            Tolerance.Exponential + (2 * LogitLimit) + classes + 4, 1 + (2 * LogitLimit) + Math.Log(classes));
        Tolerance.AssertWithin(statistics[0], sums[0], weightSum * perWeight, "loss of weighted rows");
        CollectionAssert.AreEqual(new float[classes], actual[..classes], "a row without weight");
    }

    [TestMethod]
    [EveryBackend]
    internal void TheFirstOfEqualsIsTheAnswer(DeviceOperations operations)
    {
        // Row 0: logits tie at 1 and 2, so 1 is predicted, and the target is 1. Row 1: targets tie
        // at 0 and 1, so 0 is the class, but 1 is predicted.
        float[] logits = [0, 3, 3, 1, 2, 0];
        float[] targets = [0, 1, 0, 0.5f, 0.5f, 0];

        Assert.AreEqual(1, operations.CrossEntropy(2, logits, targets, 1, withGradient: false, [0, 0]).Statistics[1]);
    }

    [TestMethod]
    [EveryBackend]
    internal void LargeLogitsDoNotOverflow(DeviceOperations operations)
    {
        // softmax is (1, 0, 0) to within e^-2000, and the loss against the second class is the
        // distance of its logit, 2000.
        (float[] gradient, double[] statistics) =
            operations.CrossEntropy(1, [1000, -1000, 0], [0, 1, 0], 1, withGradient: true, [0, 0]);

        CollectionAssert.AreEqual((float[])[1, -1, 0], gradient);
        Assert.AreEqual(2000, statistics[0]);
    }
}
