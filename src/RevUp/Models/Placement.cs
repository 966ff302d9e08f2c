using RevUp.Reversible;

namespace RevUp.Models;

/// <summary>Where an invertible layer outside the Lipschitz bound is added.</summary>
public enum Placement
{
    /// <summary>Nowhere.</summary>
    None,

    /// <summary>Before the first block of every stage.</summary>
    Stage,

    /// <summary>Before every block.</summary>
    Block,
}
