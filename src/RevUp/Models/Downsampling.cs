using RevUp.Layers;

namespace RevUp.Models;

/// <summary>Operation that halves the extents between stages.</summary>
public enum Downsampling
{
    /// <summary>
    /// Space-to-depth: invertible, four (in 3-D eight) times the channels, then zero channels up to
    /// the stage's.
    /// </summary>
    Squeeze,

    /// <summary>A pre-activation and a convolution with stride 2, whose input is kept.</summary>
    Strided,

    /// <summary>
    /// A pre-activation and a 3×3 convolution, then a max-pool over windows of 3 with stride 2. The
    /// inputs of both are kept.
    /// </summary>
    Pooled,
}
