namespace RevUp.Lipschitz;

/// <summary>
/// From the multiplier s and the norms σ of a branch's m convolutions to the factors it is computed with, and back. The factors, in one vector of 2m + 1:
/// α₀ … αₘ₋₁ (weights are packed as αW), the effective multiplier ŝ, and γ₀ … γₘ₋₁ (the weight gradient is γ times what wgrad gives: α, and ŝα for the last
/// convolution, whose wgrad is taken before ŝ).
/// </summary>
/// <remarks>
/// PerBranch: α = 1, ŝ = s·min(1, c / (|s|∏σ)). PerLayer: α = min(1, c/σ), ŝ = s / max(1, |s|). The gradient flows through σ; i-ResNet, arXiv 1811.00995,
/// section 2.1, with Fixup's multiplier inside the bound.
/// </remarks>
public static class BranchScale
{
    /// <summary>Length of the factors of a branch with m convolutions.</summary>
    public static int Length(int convolutions) => 2 * convolutions + 1;

    /// <summary>Fills <paramref name="scales"/>.</summary>
    public static void Forward(LipschitzMode mode, float coefficient, float multiplier, ReadOnlySpan<float> sigmas, Span<float> scales)
    {
        int m = sigmas.Length;
        float effective = mode switch
        {
            LipschitzMode.PerBranch when Bound(multiplier, sigmas) > coefficient => (float)(multiplier * (coefficient / Bound(multiplier, sigmas))),
            LipschitzMode.PerLayer => multiplier / Math.Max(1, Math.Abs(multiplier)),
            _ => multiplier,
        };
        for (int i = 0; i < m; i++)
        {
            scales[i] = mode == LipschitzMode.PerLayer && sigmas[i] > coefficient ? coefficient / sigmas[i] : 1;
            scales[m + 1 + i] = scales[i];
        }
        scales[m] = effective;
        scales[2 * m] *= effective;
    }

    /// <summary>From dots[i] = ⟨wgradᵢ, Wᵢ⟩ to the gradients: ds is added to, dσ is overwritten.</summary>
    public static void Backward(
        LipschitzMode mode,
        float coefficient,
        float multiplier,
        ReadOnlySpan<float> sigmas,
        ReadOnlySpan<float> scales,
        ReadOnlySpan<double> dots,
        ref float multiplierGradient,
        Span<float> sigmaGradients)
    {
        int m = sigmas.Length;
        double effectiveGradient = scales[m - 1] * dots[m - 1];
        bool active = mode switch
        {
            LipschitzMode.PerBranch => Bound(multiplier, sigmas) > coefficient,
            LipschitzMode.PerLayer => Math.Abs(multiplier) > 1,
            _ => false,
        };
        multiplierGradient += active ? 0 : (float)effectiveGradient;
        for (int i = 0; i < m; i++)
        {
            // dα = dots without the factor α of γ: γ/α is 1, and ŝ for the last convolution.
            double factor = i == m - 1 ? scales[m] : 1;
            sigmaGradients[i] = mode switch
            {
                LipschitzMode.PerBranch when active => (float)(-effectiveGradient * scales[m] / sigmas[i]),
                LipschitzMode.PerLayer when sigmas[i] > coefficient => (float)(-factor * dots[i] * coefficient / ((double)sigmas[i] * sigmas[i])),
                _ => 0,
            };
        }
    }

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

    /// <summary>|s|·∏σ: the bound of the branch if nothing held it back.</summary>
    public static double Bound(float multiplier, ReadOnlySpan<float> sigmas)
    {
        double bound = Math.Abs(multiplier);
        foreach (float sigma in sigmas)
        {
            bound *= sigma;
        }
        return bound;
    }
}
