using RevUp.Backends;
using RevUp.Lipschitz;
using RevUp.Tensors;

namespace RevUp.Layers;

/// <summary>The two published forms of a residual branch.</summary>
public enum BranchKind
{
    /// <summary>3×3 C → m, 3×3 m → C.</summary>
    Basic,

    /// <summary>1×1 C → m, 3×3 m → m (grouped for ResNeXt), 1×1 m → C.</summary>
    Bottleneck,
}

/// <summary>What all residual branches of a network share.</summary>
/// <param name="Kind">Basic or bottleneck.</param>
/// <param name="Activation">φ.</param>
/// <param name="Groups">Groups of the branch's 3×3 convolutions.</param>
/// <param name="Type">Storage type inside the branch; the residual stream is float32.</param>
/// <param name="BranchCount">L, the number of residual branches of the network, for Fixup.</param>
/// <param name="Lipschitz">Lipschitz control.</param>
public sealed record BranchSettings(BranchKind Kind, Activation Activation, int Groups, ElementType Type, int BranchCount, LipschitzSettings Lipschitz)
{
    /// <summary>Kernel and output channels of each convolution of a branch on C channels with m inside.</summary>
    public (int Kernel, int Channels, int Groups)[] Convolutions(int channels, int width) => Kind == BranchKind.Basic
        ? [(3, width, Groups), (3, channels, Groups)]
        : [(1, width, 1), (3, width, Groups), (1, channels, 1)];
}
