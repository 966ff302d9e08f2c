namespace RevUp.Backends;

/// <summary>
/// The factors that <see cref="Backend.BranchScaleForward"/> makes of the multiplier s and the
/// norms σ of a branch's m convolutions, in one vector of 2m + 1: α₀ … αₘ₋₁ (weights are packed as
/// αW), the effective multiplier ŝ, and γ₀ … γₘ₋₁ (the weight gradient is γ times what wgrad gives:
/// α, and ŝα for the last convolution, whose wgrad is taken before ŝ).
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
