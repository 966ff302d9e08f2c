namespace RevUp.Backends;

/// <summary>A function with Lipschitz constant 1.</summary>
public enum Activation
{
    /// <summary>φ(x) = x.</summary>
    Identity = 0,

    /// <summary>φ(x) = max(x, 0).</summary>
    Relu = 1,

    /// <summary>φ(x) = x for x ≥ 0, eˣ − 1 below.</summary>
    Elu = 2,

    /// <summary>
    /// φ(x₀, x₁) = (max(x₀, x₁), min(x₀, x₁)) of channels 2i and 2i + 1, of which there must be an
    /// even number: GroupSort of 2 (arXiv 1811.05381). A permutation at every position, so that
    /// gradients keep their norm.
    /// </summary>
    MaxMin = 3,
}
