namespace RevUp.Backends;

/// <summary>A pointwise function with Lipschitz constant 1.</summary>
public enum Activation
{
    /// <summary>φ(x) = x.</summary>
    Identity = 0,

    /// <summary>φ(x) = max(x, 0).</summary>
    Relu = 1,

    /// <summary>φ(x) = x for x ≥ 0, eˣ − 1 below.</summary>
    Elu = 2,
}
