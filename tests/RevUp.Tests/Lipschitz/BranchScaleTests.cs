using RevUp.Lipschitz;
using RevUp.Randomness;

namespace RevUp.Tests.Lipschitz;

/// <summary>The factors of the control as plain arithmetic; their gradient is checked with a whole block in BlockGradientTests.</summary>
[TestClass]
public sealed class BranchScaleTests
{
    private const float Coefficient = 0.9f;

    [TestMethod]
    [DataRow(LipschitzMode.PerBranch)]
    [DataRow(LipschitzMode.PerLayer)]
    public void WhateverTheNormsTheBoundHolds(LipschitzMode mode)
    {
        CounterRandom random = new(1, 2, 3);
        for (int i = 0; i < 1000; i++)
        {
            float[] sigmas = [Positive(), Positive(), Positive()];
            float multiplier = Positive() * (i % 2 == 0 ? 1 : -1);
            float[] scales = new float[BranchScale.Length(3)];
            BranchScale.Forward(mode, Coefficient, multiplier, sigmas, scales);
            double bound = BranchScale.EffectiveBound(sigmas, scales);
            double allowed = mode == LipschitzMode.PerBranch ? Coefficient : Math.Pow(Coefficient, 3);
            Assert.IsLessThanOrEqualTo(allowed * (1 + 8.0 / (1 << 24)), bound, $"multiplier {multiplier}, norms {string.Join(", ", sigmas)}");
            Assert.AreEqual(Math.Sign(multiplier), Math.Sign(scales[3]));
        }

        float Positive() => MathF.Exp(2 * random.NextNormal());
    }

    [TestMethod]
    [DataRow(LipschitzMode.None, 3f, 2f, 5f, 5f, 1f)]
    [DataRow(LipschitzMode.PerBranch, 0.4f, 1.5f, 0.5f, 0.4f, 1f)]
    [DataRow(LipschitzMode.PerBranch, 2f, 1.5f, 0.6f, 0.9f / 0.9f, 1f)]
    [DataRow(LipschitzMode.PerLayer, 0.4f, 0.8f, 0.7f, 0.4f, 1f)]
    [DataRow(LipschitzMode.PerLayer, -2f, 1.8f, 0.7f, -1f, 0.5f)]
    public void TheFactorsAreThoseOfTheFormulas(LipschitzMode mode, float multiplier, float sigma1, float sigma2, float effective, float alpha)
    {
        float[] scales = new float[BranchScale.Length(2)];
        BranchScale.Forward(mode, Coefficient, mode == LipschitzMode.None ? effective : multiplier, [sigma1, sigma2], scales);
        float[] expected = [alpha, 1, effective, alpha, effective];
        for (int i = 0; i < expected.Length; i++)
        {
            Assert.AreEqual(expected[i], scales[i], 1e-6f, $"factor {i}");
        }
    }

    [TestMethod]
    [DataRow(LipschitzMode.PerBranch)]
    [DataRow(LipschitzMode.PerLayer)]
    public void AZeroConvolutionOrMultiplierNeedsNoControl(LipschitzMode mode)
    {
        foreach ((float multiplier, float sigma) in new[] { (1f, 0f), (0f, 0.5f), (0f, 0f) })
        {
            float[] scales = new float[BranchScale.Length(2)];
            float[] sigmaGradients = new float[2];
            float multiplierGradient = 0;
            BranchScale.Forward(mode, Coefficient, multiplier, [sigma, 0.5f], scales);
            BranchScale.Backward(mode, Coefficient, multiplier, [sigma, 0.5f], scales, [1.0, 2.0], ref multiplierGradient, sigmaGradients);
            CollectionAssert.AreEqual(new[] { 1, 1, multiplier, 1, multiplier }, scales);
            CollectionAssert.AreEqual(new float[2], sigmaGradients);
            Assert.AreEqual(2, multiplierGradient);
        }
    }
}
