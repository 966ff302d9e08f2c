namespace RevUp.Reversible;

/// <summary>How the Lipschitz constant of a residual branch is kept below 1.</summary>
public enum LipschitzMode
{
    /// <summary>Not at all: blocks cannot be inverted, only stored or checkpointed.</summary>
    None,

    /// <summary>
    /// Every convolution: W / max(1, σ/c), and the multiplier s / max(1, |s|), as in i-ResNet. The
    /// branch is bounded by c to the number of convolutions.
    /// </summary>
    PerLayer,

    /// <summary>
    /// The product |s|·∏σ at once: the multiplier is scaled so that it is at most c. The least
    /// restrictive that is still safe.
    /// </summary>
    PerBranch,

    /// <summary>
    /// The product |s|·∏σ under a coefficient of each branch's own, which follows the contraction
    /// that its inversions measure and may pass 1; see <see cref="AdaptiveRule"/>.
    /// </summary>
    Adaptive,
}
