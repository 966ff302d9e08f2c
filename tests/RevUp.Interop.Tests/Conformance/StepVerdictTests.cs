namespace RevUp.Interop.Tests.Conformance;

[TestClass]
internal sealed class StepVerdictTests
{
    private static readonly OptimizerNumbers s_settings = new(
        GradientScale: 7, Skip: 7, Momentum: 1, Nesterov: 2, Beta1: 3, Beta2: 4, Epsilon: 5, Correction1: 6,
        Correction2: 8);

    [TestMethod]
    [EveryBackend]
    internal void TheVerdictMatchesTheOracle(DeviceOperations operations)
    {
        foreach (int blocks in (int[])[0, 1, 31, 32, 33, 100, 1003])
        {
            foreach (double clipNorm in (double[])[0, 0.5, 1e9])
            {
                foreach (double hardLimit in (double[])[0.5, 0.99, double.PositiveInfinity])
                {
                    StepStatistics statistics = Draw(blocks, stride: 3);
                    StepLimits limits = new(Averaging: 1.0 / 3, clipNorm, hardLimit, Tolerance: 0.4, Rounding: 0.1);

                    AssertLikeTheOracle(operations, limits, statistics);
                    // Around 1, so that the last evaluations of some blocks must have converged.
                    float[] coefficients =
                        [.. Enumerable.Range(0, blocks).Select(block => 0.9f + (0.1f * (block % 3)))];
                    AssertLikeTheOracle(operations, limits, statistics with { Coefficients = coefficients });
                }
            }
        }
    }

    /// <summary>The sums of a step that must not be taken, one thing wrong in each.</summary>
    [TestMethod]
    [EveryBackend]
    internal void WhatIsNotANumberIsRefused(DeviceOperations operations)
    {
        StepStatistics good = Draw(40, stride: 2);
        StepLimits limits = new(Averaging: 1, ClipNorm: 1, HardLimit: 1, Tolerance: 0, Rounding: 0);
        Assert.AreEqual(0, AssertLikeTheOracle(operations, limits, good).Outcome.Skip);
        foreach (double bad in (double[])[double.NaN, double.PositiveInfinity])
        {
            foreach (StepStatistics statistics in
                (StepStatistics[])[good with { Losses = [bad, 1] }, good with { SquareSum = bad }])
            {
                StepVerdictResult result = AssertLikeTheOracle(operations, limits, statistics);
                Assert.AreEqual(1, result.Outcome.Skip);
                Assert.AreEqual(-1, result.Outcome.RefusedBlock);
            }

            // Of block 37 the second evaluation, which is its last; and both of its last two
            // blocks.
            double[] inversions = [.. good.Inversions];
            inversions[(37 * 4) + 2] = bad;
            inversions[(39 * 4) + 2] = bad;
            double[] evaluations = [.. good.Evaluations];
            evaluations[37] = evaluations[39] = 2;
            StepVerdictResult refused = AssertLikeTheOracle(
                operations, limits, good with { Inversions = inversions, Evaluations = evaluations });
            Assert.AreEqual(1, refused.Outcome.Skip);
            Assert.AreEqual(37, refused.Outcome.RefusedBlock);
            Assert.AreEqual(bad, refused.Outcome.Residual);

            // An evaluation before the last one does not count.
            evaluations[37] = evaluations[39] = 1;
            StepVerdictResult earlier = AssertLikeTheOracle(
                operations, limits, good with { Inversions = inversions, Evaluations = evaluations });
            Assert.AreEqual(0, earlier.Outcome.Skip);
        }
    }

    /// <summary>
    /// Corrections of these norms to points of norm 10: what the last two say about the error where
    /// the coefficient proves nothing.
    /// </summary>
    [TestMethod]
    [EveryBackend]
    internal void FromACoefficientOfOneOnOnlyConvergenceCounts(DeviceOperations operations)
    {
        StepLimits limits = new(Averaging: 1, ClipNorm: 0, HardLimit: 1, Tolerance: 0.05, Rounding: 1e-3);
        (double[] Corrections, float Coefficient, bool Accepted)[] cases =
        [
            ([1], 0.99f, true), // the residual 0.1 is under the hard limit, and the bound does the rest
            ([1], 1, false), // no second correction, no contraction
            ([0.01], 1, true), // nothing left but rounding
            ([4, 1], 1, true), // 1/3 of 0.1
            ([2, 1], 1, false), // all of 0.1
            ([2, 1], 0.99f, true),
            ([9, 4, 1], 7, true), // the last two count
            ([1, 1], 1, false), // nothing shrinks
            ([1, 2], 1, false),
            ([0.01, 0.01], 1, true), // but rounding does not
        ];
        foreach ((double[] corrections, float coefficient, bool accepted) in cases)
        {
            double[] inversions = [.. corrections.SelectMany(correction => (double[])[correction * correction, 100])];
            StepStatistics statistics = new([1, 1], SquareSum: 1, inversions, [corrections.Length], [coefficient]);
            StepOutcome outcome = AssertLikeTheOracle(operations, limits, statistics).Outcome;
            Assert.AreEqual(
                accepted ? (0, -1) : (1.0, 0.0),
                (outcome.Skip, outcome.RefusedBlock),
                $"[{string.Join(", ", corrections)}] under {coefficient}");
        }
    }

    private static StepVerdictResult AssertLikeTheOracle(
        DeviceOperations operations, StepLimits limits, StepStatistics statistics)
    {
        double[] settings = MemoryMarshal.Cast<OptimizerNumbers, double>([s_settings]).ToArray();
        (double[] losses, double squareSum, double[] inversions, double[] evaluations, float[]? coefficients) =
            statistics;
        // Without blocks there are no coefficients either.
        coefficients = evaluations.Length == 0 ? null : coefficients;
        StepVerdictResult expected = new(
            Oracle.StepVerdict(limits, losses, squareSum, inversions, evaluations, coefficients, settings));

        StepVerdictResult actual = new(
            operations.StepVerdict(limits, losses, squareSum, inversions, evaluations, coefficients, settings));

        // Two square roots and a quotient, or a root, a product, a quotient and a product: all in
        // double.
        string what = $"{statistics.Evaluations.Length} blocks, {limits}";
        AssertClose(expected.Outcome.GradientNorm, actual.Outcome.GradientNorm, $"norm, {what}");
        AssertClose(expected.Outcome.Residual, actual.Outcome.Residual, $"residual, {what}");
        AssertClose(expected.Settings.GradientScale, actual.Settings.GradientScale, $"scale, {what}");
        Assert.AreEqual(
            expected.Outcome with { GradientNorm = 0, Residual = 0 },
            actual.Outcome with { GradientNorm = 0, Residual = 0 }, what);
        Assert.AreEqual(
            s_settings with { GradientScale = 0, Skip = expected.Outcome.Skip },
            actual.Settings with { GradientScale = 0 },
            what);
        CollectionAssert.AreEqual((double[])[0, 0], actual.Losses, what);
        return actual;
    }

    private static void AssertClose(double expected, double actual, string what)
    {
        if (double.IsFinite(expected))
        {
            Tolerance.AssertWithin(expected, actual, Tolerance.Float64(4, Math.Abs(expected)), what);
        }
        else
        {
            Assert.AreEqual(expected, actual, what);
        }
    }

    /// <summary>
    /// Residuals below 1, some of them 0 over 0; an unused evaluation is a NaN. Every third block
    /// was not inverted.
    /// </summary>
    private static StepStatistics Draw(int blocks, int stride)
    {
        Random random = new(blocks);
        double[] evaluations = new double[blocks];
        double[] inversions = new double[2 * blocks * stride];
        Array.Fill(inversions, double.NaN);
        for (int block = 0; block < blocks; block++)
        {
            evaluations[block] = block % 3 == 2 ? 0 : random.Next(1, stride + 1);
            for (int evaluation = 0; evaluation < evaluations[block]; evaluation++)
            {
                Span<double> pair = inversions.AsSpan(2 * ((block * stride) + evaluation), 2);
                pair[1] = random.Next(5) == 0 ? 0 : random.NextDouble();
                pair[0] = pair[1] * random.NextDouble();
            }
        }

        return new StepStatistics([100 * random.NextDouble(), 17], 10 * random.NextDouble(), inversions, evaluations);
    }

    /// <summary>
    /// Sums of a step: loss and correct samples, Σ g², and per branch evaluation of a block its two
    /// statistics.
    /// </summary>
    private sealed record StepStatistics(
        double[] Losses, double SquareSum, double[] Inversions, double[] Evaluations, float[]? Coefficients = null);

    /// <summary>The numbers that a verdict leaves.</summary>
    private sealed record StepVerdictResult(OptimizerNumbers Settings, StepOutcome Outcome, double[] Losses)
    {
        internal StepVerdictResult((double[] Losses, double[] Settings, double[] Outcome) numbers)
            : this(
                MemoryMarshal.Cast<double, OptimizerNumbers>(numbers.Settings)[0],
                StepOutcome.Read(numbers.Outcome),
                numbers.Losses)
        {
        }
    }
}
