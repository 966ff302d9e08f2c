namespace RevUp.Reversible;

/// <summary>The published forms of a residual branch.</summary>
public enum BranchKind
{
    /// <summary>3×3 C → m, 3×3 m → C.</summary>
    Basic,

    /// <summary>1×1 C → m, 3×3 m → m (grouped for ResNeXt), 1×1 m → C.</summary>
    Bottleneck,

    /// <summary>3×3 C → m, 1×1 m → m, 3×3 m → C (i-ResNet, arXiv 1811.00995).</summary>
    IResNet,

    /// <summary>A program's own: its factory makes a <see cref="Branch"/> for each block.</summary>
    Custom,
}
