namespace RevUp.Reversible;

/// <summary>
/// How the blocks of a network compute y from x, and so what can be had back from y.
/// </summary>
public enum BlockKind
{
    /// <summary>
    /// y = x + F(x) with Lip(F) &lt; 1: inverted by fixed-point iteration (RevUp, i-ResNet).
    /// </summary>
    Invertible,

    /// <summary>y = x + F(x) without a bound: no inverse (ResNet, Fixup ResNet).</summary>
    Residual,

    /// <summary>
    /// y₁ = x₁ + F(x₂), y₂ = x₂ + G(y₁) on the halves of the channels: inverted by subtraction
    /// (RevNet).
    /// </summary>
    Coupling,
}
