using RevUp.Layers;

namespace RevUp.Models;

/// <summary>How images become the residual stream.</summary>
public enum StemKind
{
    /// <summary>Zero channels are appended: nothing to train, invertible (i-ResNet).</summary>
    Pad,

    /// <summary>A 3×3 convolution.</summary>
    Convolution,

    /// <summary>
    /// A 7×7 convolution with stride 2 to 64 channels, a max-pool, and zero channels up to the
    /// first stage's.
    /// </summary>
    ImageNet,

    /// <summary>
    /// A 3×3 convolution that whitens the patches of the training images, each direction with both
    /// signs (arXiv 2404.00498), and zero channels up to the first stage's. Its weights are
    /// computed from the images where a run starts; training.freeze "stem" keeps them.
    /// </summary>
    Whitened,
}
