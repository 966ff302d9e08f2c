namespace RevUp.Interop.Tests.Conformance;

/// <summary>
/// Sums, factors and gradient of the voxel loss, one after the other as in a step.
/// </summary>
[TestClass]
internal sealed class SegmentationLossTests
{
    private const ushort Ignored = 65535;
    private const float LogitLimit = 4;
    private const double LossError = 1e-6;

    private static readonly VoxelLoss s_batchDice = new(1, 1e-5, FirstClass: 1, PerSample: 0);

    private static readonly (int Batch, int Positions, int Classes)[] s_sizes =
        [(1, 1, 2), (3, 67, 2), (2, 1003, 3), (1, 129, 117), (2, 33, 300), (2, 9001, 3)];

    [TestMethod]
    [EveryBackend]
    internal void LossAndGradientMatchTheOracle(DeviceOperations operations)
    {
        foreach ((int batch, int positions, int classes) in s_sizes)
        {
            Inputs inputs = new(classes);
            float[] logits = inputs.Uniform((long)batch * positions * classes, LogitLimit);
            float[] weights = [.. inputs.Uniform(classes).Select(weight => Math.Abs(weight) + 0.1f)];
            foreach ((string labelling, ushort[] labels) in Labellings(batch * positions, classes))
            {
                foreach (VoxelLoss loss in (VoxelLoss[])[
                    s_batchDice, s_batchDice with { FirstClass = 0, PerSample = 1, DiceWeight = 2.5 },
                    s_batchDice with { DiceWeight = 0, Smoothing = 1 }])
                {
                    string what = $"{labelling} labels of {batch}x{positions} positions, {classes} classes, {loss}";
                    AssertLikeTheOracle(operations, batch, classes, logits, labels, null, loss, what);
                    AssertLikeTheOracle(operations, batch, classes, logits, labels, weights, loss, what + ", weights");
                }
            }
        }
    }

    /// <summary>
    /// The oracle's gradient is the derivative of the oracle's loss, by central differences.
    /// </summary>
    [TestMethod]
    internal void TheOracleDerivesItsLoss()
    {
        const double Step = 1e-5;
        (int batch, int classes) = (2, 3);
        ushort[] labels = [0, 1, 2, Ignored, 1, 0, 0, 0, 1, 7];
        double[] logits = Oracle.Widen(new Inputs(5).Uniform(labels.Length * classes, LogitLimit));
        double[] weights = [0.5, 1, 2.5];
        foreach (VoxelLoss loss in (VoxelLoss[])[
            s_batchDice, s_batchDice with { PerSample = 1 }, s_batchDice with { FirstClass = 0, DiceWeight = 3 }])
        {
            double[] factors = Whole(logits).Factors;
            double[] gradient = Oracle.SegmentationGradient(batch, logits, labels, factors);
            for (int i = 0; i < logits.Length; i++)
            {
                double above = Loss(i, Step), below = Loss(i, -Step);
                Assert.AreEqual((above - below) / (2 * Step), gradient[i], 1e-8, $"{loss}, logit {i}");
            }

            double Loss(int i, double change)
            {
                double[] changed = [.. logits];
                changed[i] += change;
                return Whole(changed).Statistics[0] / batch;
            }

            (double[] Factors, double[] Statistics) Whole(double[] values)
            {
                (double[] totals, double[] overlaps) = Oracle.SegmentationSums(
                    values, labels, weights, new double[4 * batch], new double[3 * batch * classes]);
                return Oracle.SegmentationFactors(loss, weights, totals, overlaps, [0, 0]);
            }
        }
    }

    /// <summary>Numbers that can be followed by hand.</summary>
    [TestMethod]
    [EveryBackend]
    internal void EqualLogitsHaveAKnownLoss(DeviceOperations operations)
    {
        // p = 1/2 at all of 5 positions, of which 4 count: 3 of class 0, 1 of class 1.
        ushort[] labels = [0, 0, 1, 0, Ignored];
        (double[] totals, double[] overlaps) = operations.SegmentationSums(new float[10], labels, null, new double[4], new double[6]);
        CollectionAssert.AreEqual((double[])[1.5, 0.5, 2, 2, 3, 1], overlaps);
        Assert.AreEqual(4 * Math.Log(2), totals[0], 1e-12);
        CollectionAssert.AreEqual((double[])[4, 3, 4], totals[1..], "weights, right (class 0 wins a tie), counted");

        VoxelLoss loss = new(DiceWeight: 2, Smoothing: 0, FirstClass: 1, PerSample: 0);
        double[] statistics = operations.SegmentationFactors(loss, null, totals, overlaps, [3, 5]).Statistics;

        // Dice of class 1: 2 * 0.5 / (2 + 1).
        Assert.AreEqual(3 + Math.Log(2) + (2 * (1 - (1.0 / 3))), statistics[0], 1e-12);
        Assert.AreEqual(5.75, statistics[1]);
    }

    [TestMethod]
    [EveryBackend]
    internal void WithoutLabelsLossAndGradientAreZero(DeviceOperations operations)
    {
        // What does not count may be anything.
        float[] logits = [float.NaN, 1, 2, float.PositiveInfinity, 3, 4];
        (double[] totals, double[] overlaps) =
            operations.SegmentationSums(logits, [Ignored, 2, 999], null, new double[4], new double[6]);
        (float[] factors, double[] statistics) =
            operations.SegmentationFactors(s_batchDice, null, totals, overlaps, [0, 0]);

        CollectionAssert.AreEqual(new double[2], statistics);
        CollectionAssert.AreEqual(
            new float[6], operations.SegmentationGradient(1, logits, [Ignored, 2, 999], factors));
    }

    [TestMethod]
    [EveryBackend]
    internal void AFaultyLogitThatCountsIsSeen(DeviceOperations operations)
    {
        (double[] totals, double[] overlaps) =
            operations.SegmentationSums([float.NaN, 1, 2, 3], [0, 1], null, new double[4], new double[6]);

        Assert.IsTrue(double.IsNaN(
            operations.SegmentationFactors(s_batchDice, null, totals, overlaps, [0, 0]).Statistics[0]));
    }

    [TestMethod]
    internal void TheBitsDoNotDependOnTheThreads()
    {
        (int batch, int positions, int classes) = (2, 30_011, 3);
        float[] logits = new Inputs(1).Uniform((long)batch * positions * classes);
        ushort[] labels = Labels(batch * positions, classes, seed: 1);

        CollectionAssert.AreEqual(Sums(1), Sums(2));

        double[] Sums(int threads)
        {
            (double[] totals, double[] overlaps) = EveryBackendAttribute.Cpu(threads).SegmentationSums(
                logits, labels, null, new double[4 * batch], new double[3 * batch * classes]);
            return [.. totals, .. overlaps];
        }
    }

    private static void AssertLikeTheOracle(
        DeviceOperations operations, int batch, int classes, float[] logits, ushort[] labels, float[]? weights,
        VoxelLoss loss, string what)
    {
        double[] wide = Oracle.Widen(logits);
        double[]? wideWeights = weights is null ? null : Oracle.Widen(weights);
        // The sums of a part of the positions are there before.
        double[] before = [.. Enumerable.Range(0, 4 * batch).Select(i => i % 4 == 2 ? 0.0 : 1)];
        double[] overlapsBefore = [.. Enumerable.Range(0, 3 * batch * classes).Select(i => i % 5 * 0.25)];
        (double[] totals, double[] overlaps) = Oracle.SegmentationSums(
            wide, labels, wideWeights, before, overlapsBefore);
        (double[] factors, double[] statistics) =
            Oracle.SegmentationFactors(loss, wideWeights, totals, overlaps, [3, 5]);
        double[] gradient = Oracle.SegmentationGradient(batch, wide, labels, factors);

        (double[] actualTotals, double[] actualOverlaps) = operations.SegmentationSums(
            logits, labels, weights, before, overlapsBefore);
        (float[] actualFactors, double[] sums) =
            operations.SegmentationFactors(loss, weights, actualTotals, actualOverlaps, [3, 5]);

        // As of the cross-entropy: a softmax is the quotient of an exponential and a sum of them.
        double softmax = (2 * (Tolerance.Exponential + (2 * LogitLimit))) + classes + 3;
        for (int i = 0; i < overlaps.Length; i++)
        {
            double bound = Tolerance.Float32(softmax, overlaps[i]) + Tolerance.Float64(labels.Length, overlaps[i]);
            Tolerance.AssertWithin(overlaps[i], actualOverlaps[i], bound, $"overlap {i} of {what}");
        }
        for (int i = 0; i < totals.Length; i += 4)
        {
            CollectionAssert.AreEqual(totals[(i + 2)..(i + 4)], actualTotals[(i + 2)..(i + 4)], $"counts of {what}");
        }
        Tolerance.AssertWithin(statistics[0], sums[0], LossError * batch, $"loss of {what}");
        Tolerance.AssertWithin(statistics[1], sums[1], 1e-12, $"share of right positions of {what}");
        // The largest term of a sample's gradient.
        double[] magnitudes =
            [.. factors.Chunk(3 * classes).Select(sample => sample.Chunk(classes).Sum(part => 2 * part.Max(Math.Abs)))];
        foreach (Alias alias in (Alias[])[Alias.None, Alias.Logits])
        {
            float[] actual = operations.SegmentationGradient(batch, logits, labels, actualFactors, alias);
            Tolerance.AssertWithin(
                gradient,
                actual,
                i => Tolerance.Float32((2 * softmax) + 8, magnitudes[i * batch / gradient.Length]),
                $"gradient of {what}, aliases {alias}");
        }
    }

    private static IEnumerable<(string Name, ushort[] Labels)> Labellings(int count, int classes)
    {
        ushort[] labels = Labels(count, classes, count);
        yield return ("all kinds of", labels);
        yield return ("first and last", [.. labels.Select(label => (ushort)(label % 2 * (classes - 1)))]);
        yield return ("background", new ushort[count]);
        yield return ("one foreground", [.. Enumerable.Repeat((ushort)1, count)]);
        yield return ("ignored", [.. Enumerable.Repeat(Ignored, count)]);
    }

    // A tenth is not labelled, or has a label that no class has.
    private static ushort[] Labels(int count, int classes, int seed) =>
    [
        .. new Inputs(seed).Levels(count, 20 * classes).Select(
            level => level < 18 * classes ? (ushort)(level % classes)
                : level < 19 * classes ? Ignored
                : (ushort)(classes + (int)level)),
    ];
}
