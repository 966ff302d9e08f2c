using RevUp.Tensors;

namespace RevUp.Layers;

/// <summary>Which settings of the optimiser apply to a parameter.</summary>
public enum ParameterGroup
{
    /// <summary>Convolution and classifier weights: the full learning rate and weight decay.</summary>
    Weights = 0,

    /// <summary>
    /// Fixup's scalar biases and multipliers, and scales and shifts of channels outside the branches: a fraction of the learning rate (their gradients sum
    /// over all pixels), no decay by default.
    /// </summary>
    Scalars = 1,
}

/// <summary>How a parameter is drawn: normal with a standard deviation, around a mean.</summary>
public readonly record struct Initialization(double Mean, double StandardDeviation)
{
    /// <summary>All elements alike.</summary>
    public static Initialization Constant(double value) => new(value, 0);

    /// <summary>N(0, σ²).</summary>
    public static Initialization Normal(double standardDeviation) => new(0, standardDeviation);

    /// <summary>For a convolution between ReLUs that is normalised: N(0, 2/(O·kᵈ)) (He et al., arXiv 1502.01852, equation 14).</summary>
    public static Initialization He(Shape weights) => Normal(Math.Sqrt(2.0 * weights.Channels / weights.Count));

    /// <summary>As PyTorch draws weights by default, with a normal in place of its uniform distribution: variance 1/(3·I·kᵈ).</summary>
    public static Initialization PyTorch(Shape weights) => Normal(Math.Sqrt(weights[0] / (3.0 * weights.Count)));
}

/// <summary>A trainable tensor and its gradient: slices of the flat buffers of a <see cref="ParameterStore"/>, float32.</summary>
public sealed class Parameter(string name, Shape shape, ParameterGroup group, Initialization initialization)
{
    /// <summary>Unique in its network, in PyTorch's dotted style: "stages.0.blocks.3.conv1.weight".</summary>
    public string Name { get; } = name;

    /// <summary>Shape; weights of convolutions are [O, (D), H, W, I / groups].</summary>
    public Shape Shape { get; } = shape;

    /// <summary>Which settings of the optimiser apply.</summary>
    public ParameterGroup Group { get; } = group;

    /// <summary>Distribution of the initial value.</summary>
    public Initialization Initialization { get; } = initialization;

    /// <summary>The value; empty until the store is built.</summary>
    public Tensor Value { get; internal set; }

    /// <summary>The gradient, to which backward passes add.</summary>
    public Tensor Gradient { get; internal set; }
}
