using RevUp.Backends;
using RevUp.Layers;
using RevUp.Tensors;

namespace RevUp.Reversible;

/// <summary>Settings of all residual branches of a network.</summary>
/// <param name="Kind">Basic or bottleneck.</param>
/// <param name="Activation">φ.</param>
/// <param name="Groups">Groups of the branch's 3×3 convolutions.</param>
/// <param name="Type">Storage type inside the branch; the residual stream is float32.</param>
/// <param name="BranchCount">L, the number of residual branches of the network, for Fixup.</param>
/// <param name="Lipschitz">Lipschitz control.</param>
/// <param name="Normalization">Normalisation before every activation function.</param>
/// <param name="Coefficients">
/// Under <see cref="LipschitzMode.Adaptive"/> control, the coefficients of all branches.
/// </param>
/// <param name="Factory">Makes the branches of <see cref="BranchKind.Custom"/>.</param>
/// <param name="FixedNormExtents">
/// Whether norms are estimated at <see cref="LipschitzSettings.MaximumExtent"/> whatever the
/// extents of the layer, so that the weights fit a network of any extents.
/// </param>
/// <param name="Tf32">Whether float32 convolutions may round their factors to TF32.</param>
/// <param name="FollowsTransition">
/// Whether the first block follows a strided or pooled transition, and not the stem.
/// </param>
/// <param name="Work">
/// Where the branches of a network do their work together; null for branches on their own.
/// </param>
internal sealed record BranchSettings(
    BranchKind Kind,
    Activation Activation,
    int Groups,
    ElementType Type,
    int BranchCount,
    LipschitzSettings Lipschitz,
    Normalization Normalization = Normalization.Fixup,
    AdaptiveCoefficients? Coefficients = null,
    Func<BranchSite, Branch>? Factory = null,
    bool FixedNormExtents = false,
    bool Tf32 = false,
    bool FollowsTransition = false,
    BranchWork? Work = null)
{
    /// <summary>
    /// Kernel and output channels of each convolution of a branch on C channels with m inside.
    /// </summary>
    public (int Kernel, int Channels, int Groups)[] Convolutions(int channels, int width) => Kind switch
    {
        BranchKind.Basic => [(3, width, Groups), (3, channels, Groups)],
        BranchKind.Bottleneck => [(1, width, 1), (3, width, Groups), (1, channels, 1)],
        _ => [(3, width, Groups), (1, width, 1), (3, channels, Groups)],
    };

    /// <summary>
    /// The distribution of the weights of convolution <paramref name="index"/> of
    /// <paramref name="count"/>.
    /// </summary>
    public Initialization Initialization(Shape weights, int index, int count) => Normalization switch
    {
        Normalization.Fixup => Fixup.BranchConvolution(weights, index, count, BranchCount),
        Normalization.BatchNorm or Normalization.InstanceNorm => Layers.Initialization.He(weights),
        _ => Layers.Initialization.PyTorch(weights),
    };

    /// <summary>
    /// Whether the branch of block <paramref name="block"/> begins with φ: in the first one it
    /// would only destroy input, unless the input is normalised first or comes from a convolution.
    /// </summary>
    public bool HasLeadingActivation(int block) =>
        block > 0 || FollowsTransition || Normalization is Normalization.BatchNorm or Normalization.InstanceNorm;
}
