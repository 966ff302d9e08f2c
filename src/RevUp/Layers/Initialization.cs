using RevUp.Tensors;

namespace RevUp.Layers;

/// <summary>How a parameter is drawn: normal with a standard deviation, around a mean.</summary>
internal readonly record struct Initialization(double Mean, double StandardDeviation)
{
    /// <summary>All elements alike.</summary>
    public static Initialization Constant(double value) => new(value, 0);

    /// <summary>N(0, σ²).</summary>
    public static Initialization Normal(double standardDeviation) => new(0, standardDeviation);

    /// <summary>
    /// For a convolution between ReLUs that is normalised: N(0, 2/(O·kᵈ)) (He et al., arXiv
    /// 1502.01852, equation 14).
    /// </summary>
    public static Initialization He(Shape weights) => Normal(Math.Sqrt(2.0 * weights.Channels / weights.Count));

    /// <summary>
    /// As PyTorch draws weights by default, with a normal in place of its uniform distribution:
    /// variance 1/(3·I·kᵈ).
    /// </summary>
    public static Initialization PyTorch(Shape weights) => Normal(Math.Sqrt(weights[0] / (3.0 * weights.Count)));
}
