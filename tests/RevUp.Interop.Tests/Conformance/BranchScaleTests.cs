namespace RevUp.Interop.Tests.Conformance;

/// <summary>
/// The factors of the Lipschitz control; their gradient is checked with a whole block in
/// BlockGradientTests, too.
/// </summary>
[TestClass]
internal sealed class BranchScaleTests
{
    private const float Coefficient = 0.9f;

    [TestMethod]
    [EveryBackend]
    internal void FactorsMatchTheOracle(DeviceOperations operations)
    {
        foreach ((CpuBranchBound mode, float multiplier, float[] sigmas) in Cases())
        {
            string what = $"{mode}, multiplier {multiplier}, norms {string.Join(", ", sigmas)}";
            (double[] expected, double bound) = Oracle.BranchScaleForward(
                mode, Coefficient, multiplier, Oracle.Widen(sigmas), withBound: true);

            (float[] scales, double actualBound) = operations.BranchScaleForward(
                mode, Coefficient, multiplier, sigmas, withBound: true);

            // A quotient each; the last γ multiplies two.
            Tolerance.AssertWithin(
                expected, scales,
                i => Tolerance.Float32(i == scales.Length - 1 ? 3 : 1, Math.Abs(expected[i]) * (1 + 1e-12)), what);
            Tolerance.AssertWithin(bound, actualBound, Tolerance.Float64(sigmas.Length, bound), what);
        }
    }

    [TestMethod]
    [EveryBackend]
    internal void TheBoundIsOptional(DeviceOperations operations)
    {
        (float[] scales, _) = operations.BranchScaleForward(
            CpuBranchBound.PerBranch, Coefficient, 2, [1.5f, 0.6f], withBound: false);

        CollectionAssert.AreEqual(
            operations.BranchScaleForward(
                CpuBranchBound.PerBranch, Coefficient, 2, [1.5f, 0.6f], withBound: true).Scales,
            scales);
    }

    [TestMethod]
    [EveryBackend]
    internal void GradientsMatchTheOracle(DeviceOperations operations)
    {
        const float Before = 0.25f;
        foreach ((CpuBranchBound mode, float multiplier, float[] sigmas) in Cases())
        {
            string what = $"{mode}, multiplier {multiplier}, norms {string.Join(", ", sigmas)}";
            float[] scales = operations.BranchScaleForward(
                mode, Coefficient, multiplier, sigmas, withBound: false).Scales;
            double[] dots = Oracle.Widen(new Inputs(sigmas.Length).Uniform(sigmas.Length));
            (double expected, double[] ofSigmas) = Oracle.BranchScaleBackward(
                mode, Coefficient, multiplier, Oracle.Widen(sigmas), Oracle.Widen(scales), dots, multiplierGradient: 0);

            (float MultiplierGradient, float[] SigmaGradients) actual =
                operations.BranchScaleBackward(mode, Coefficient, multiplier, sigmas, scales, dots, Before);

            Tolerance.AssertWithin(
                Before + expected, actual.MultiplierGradient, Tolerance.Float32(2, Before + Math.Abs(expected)), what);
            Tolerance.AssertWithin(
                ofSigmas, actual.SigmaGradients, i => Tolerance.Float32(1, Math.Abs(ofSigmas[i]) * (1 + 1e-12)), what);
        }
    }

    [TestMethod]
    [EveryBackend]
    internal void ManyBranchesAreEachAsOneAlone(DeviceOperations operations)
    {
        const float Before = 0.25f;
        const int First = 5, Count = 100;
        (CpuBranchBound Mode, float Multiplier, float[] Sigmas, double[] Dots)[] branches =
        [
            .. Cases().Select(given => (
                given.Mode, given.Multiplier, given.Sigmas,
                Oracle.Widen(new Inputs(given.Sigmas.Length).Uniform(given.Sigmas.Length)))),
        ];
        var all = operations.BranchScales(branches, Coefficient, Before, First, Count);
        for (int i = 0; i < branches.Length; i++)
        {
            (CpuBranchBound mode, float multiplier, float[] sigmas, double[] dots) = branches[i];
            (float[] scales, double bound) = operations.BranchScaleForward(
                mode, Coefficient, multiplier, sigmas, withBound: true);
            CollectionAssert.AreEqual(scales, all[i].Scales);
            Assert.AreEqual(bound, all[i].Bound);
            if (i is < First or >= First + Count)
            {
                Assert.AreEqual(Before, all[i].MultiplierGradient);
                continue;
            }
            (float MultiplierGradient, float[] SigmaGradients) one =
                operations.BranchScaleBackward(mode, Coefficient, multiplier, sigmas, scales, dots, Before);
            Assert.AreEqual(one.MultiplierGradient, all[i].MultiplierGradient);
            CollectionAssert.AreEqual(one.SigmaGradients, all[i].SigmaGradients);
        }
    }

    [TestMethod]
    [EveryBackend]
    internal void WhateverTheNormsTheBoundHolds(DeviceOperations operations)
    {
        foreach ((CpuBranchBound mode, float multiplier, float[] sigmas) in
            Cases().Where(given => given.Mode != CpuBranchBound.Unbounded))
        {
            float[] scales = operations.BranchScaleForward(
                mode, Coefficient, multiplier, sigmas, withBound: false).Scales;
            double bound = BranchScale.EffectiveBound(sigmas, scales);
            double allowed = mode == CpuBranchBound.PerBranch ? Coefficient : Math.Pow(Coefficient, sigmas.Length);
            Assert.IsLessThanOrEqualTo(
                allowed * (1 + 8.0 / (1 << 24)),
                bound,
                $"{mode}, multiplier {multiplier}, norms {string.Join(", ", sigmas)}");
            Assert.AreEqual(Math.Sign(multiplier), Math.Sign(scales[sigmas.Length]));
        }
    }

    [TestMethod]
    [EveryBackend]
    internal void AZeroConvolutionOrMultiplierNeedsNoControl(DeviceOperations operations)
    {
        foreach (CpuBranchBound mode in (CpuBranchBound[])[CpuBranchBound.PerBranch, CpuBranchBound.PerLayer])
        {
            foreach ((float multiplier, float sigma) in new[] { (1f, 0f), (0f, 0.5f), (0f, 0f) })
            {
                float[] scales = operations.BranchScaleForward(
                    mode, Coefficient, multiplier, [sigma, 0.5f], withBound: false).Scales;
                (float MultiplierGradient, float[] SigmaGradients) gradients =
                    operations.BranchScaleBackward(mode, Coefficient, multiplier, [sigma, 0.5f], scales, [1, 2], 0);
                CollectionAssert.AreEqual(new[] { 1, 1, multiplier, 1, multiplier }, scales);
                CollectionAssert.AreEqual(new float[2], gradients.SigmaGradients);
                Assert.AreEqual(2, gradients.MultiplierGradient);
            }
        }
    }

    // Two and three convolutions, whose products lie on both sides of the coefficient.
    private static IEnumerable<(CpuBranchBound Mode, float Multiplier, float[] Sigmas)> Cases()
    {
        foreach (CpuBranchBound mode in Enum.GetValues<CpuBranchBound>())
        {
            for (int i = 0; i < 40; i++)
            {
                float[] exponents = new Inputs(i).Uniform(3 + (i % 2));
                yield return (
                    mode, MathF.Exp(exponents[0]) * (i % 4 < 2 ? 1 : -1), [.. exponents[1..].Select(MathF.Exp)]);
            }
        }
    }
}
