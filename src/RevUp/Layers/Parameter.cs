using RevUp.Tensors;

namespace RevUp.Layers;

/// <summary>
/// A trainable tensor and its gradient: slices of the flat buffers of a network, float32.
/// </summary>
public sealed class Parameter
{
    internal Parameter(string name, Shape shape, ParameterGroup group, Initialization initialization) =>
        (Name, Shape, Group, Initialization) = (name, shape, group, initialization);

    /// <summary>
    /// Unique in its network, in PyTorch's dotted style: "stages.0.blocks.3.conv1.weight".
    /// </summary>
    public string Name { get; }

    /// <summary>Shape; weights of convolutions are [O, (D), H, W, I / groups].</summary>
    public Shape Shape { get; }

    /// <summary>Which settings of the optimiser apply.</summary>
    internal ParameterGroup Group { get; }

    /// <summary>Distribution of the initial value.</summary>
    internal Initialization Initialization { get; }

    /// <summary>The value; empty until the store is built.</summary>
    public Tensor Value { get; internal set; }

    /// <summary>
    /// The gradient, to which backward passes add; empty where the layer is frozen, and in a
    /// network for predictions.
    /// </summary>
    public Tensor Gradient { get; internal set; }

    /// <summary>
    /// Whether its layer is frozen: it has no gradient. Set before the store is built.
    /// </summary>
    internal bool IsFrozen { get; set; }

    /// <summary>Factor of its learning rate. Set before the store is built.</summary>
    internal double Rate { get; set; } = 1;

    /// <summary>Whether it is of a layer, whose name its own begins with.</summary>
    internal bool IsOf(Layer layer) => layer.Owns(Name);
}
