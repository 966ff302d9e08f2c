namespace RevUp.Backends;

/// <summary>
/// The factors of a branch with m convolutions: one vector of 2m + 1 numbers α₀ … αₘ₋₁, ŝ, γ₀ …
/// γₘ₋₁. <see cref="Backend.BranchScaleForward(OperandTable{BranchOperands})"/> computes them from
/// the multiplier s and the norms σ. Weights are packed as αW. ŝ is the effective multiplier. A
/// weight gradient is γ times the result of wgrad: γ = α, and γ = ŝα for the last convolution,
/// because its wgrad sees the gradient before ŝ.
/// </summary>
/// <remarks>
/// PerBranch: α = 1, ŝ = s·min(1, c / (|s|∏σ)). PerLayer: α = min(1, c/σ), ŝ = s / max(1, |s|). The
/// gradient flows through σ; i-ResNet, arXiv 1811.00995, section 2.1, with Fixup's multiplier
/// inside the bound.
/// </remarks>
internal static class BranchScale
{
    /// <summary>Length of the factors of a branch with m convolutions.</summary>
    public static int Length(int convolutions) => 2 * convolutions + 1;

    /// <summary>|ŝ|·∏(α·σ): the bound of the branch as it is computed.</summary>
    public static double EffectiveBound(ReadOnlySpan<float> sigmas, ReadOnlySpan<float> scales)
    {
        double bound = Math.Abs(scales[sigmas.Length]);
        for (int i = 0; i < sigmas.Length; i++)
        {
            bound *= (double)scales[i] * sigmas[i];
        }
        return bound;
    }
}
