using RevUp.Tensors;

namespace RevUp.Layers;

/// <summary>
/// A tensor that belongs to the training state without being trained: power-iteration vectors and
/// norms, running statistics.
/// </summary>
internal sealed class StateTensor(string name, Shape shape, bool random, float initial)
{
    /// <summary>Unique in its network.</summary>
    public string Name { get; } = name;

    /// <summary>Shape.</summary>
    public Shape Shape { get; } = shape;

    /// <summary>
    /// Whether it starts as a random unit vector: a singular vector, which only training needs.
    /// </summary>
    public bool Random { get; } = random;

    /// <summary>Initial value of all its elements otherwise.</summary>
    public float Initial { get; } = initial;

    /// <summary>Whether its layer is frozen. Set before the store is built.</summary>
    public bool IsFrozen { get; set; }

    /// <summary>
    /// The value; empty until the store is built, and of a singular vector without training.
    /// </summary>
    public Tensor Value { get; internal set; }
}
