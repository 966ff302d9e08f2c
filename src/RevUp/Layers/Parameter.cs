using RevUp.Tensors;

namespace RevUp.Layers;

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
