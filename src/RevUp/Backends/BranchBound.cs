namespace RevUp.Backends;

/// <summary>
/// How the factors of a residual branch hold its Lipschitz bound under a coefficient c.
/// </summary>
internal enum BranchBound
{
    /// <summary>Not at all.</summary>
    None = 0,

    /// <summary>Every convolution: W / max(1, σ/c), and the multiplier s / max(1, |s|).</summary>
    PerLayer = 1,

    /// <summary>The product |s|·∏σ at once, through the multiplier.</summary>
    PerBranch = 2,
}
