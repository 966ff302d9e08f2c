using RevUp.Tensors;

namespace RevUp.Layers;

/// <summary>
/// A skip connection of a U-Net: e, the stream of the encoder at one level [N, (D), H, W, C]. It
/// lies here from the <see cref="StridedTransition"/> that leaves the level to the <see
/// cref="TransposedTransition"/> that comes back, where the decoder's stream takes its memory. The
/// backward pass brings e and its gradient from the second transition to the first.
/// </summary>
/// <param name="sample">Shape of one sample of e.</param>
internal sealed class Skip(Shape sample)
{
    /// <summary>Shape of one sample of e.</summary>
    public Shape Sample { get; } = sample;

    /// <summary>e, owned; empty outside of its way.</summary>
    public Tensor Value { get; set; }

    /// <summary>Gradient of e along the connection, owned; empty outside of its way.</summary>
    public Tensor Gradient { get; set; }

    /// <summary>Name of e in an exported graph.</summary>
    public string Exported { get; set; } = "";

    /// <summary>Hands e over.</summary>
    /// <exception cref="InvalidOperationException">
    /// The transition down has not passed, or kept its input for somebody else.
    /// </exception>
    public Tensor Take()
    {
        Tensor value = Value.IsEmpty
            ? throw new InvalidOperationException($"The skip connection {Sample} holds nothing to join.")
            : Value;
        Value = default;
        return value;
    }

    /// <summary>Frees what is on its way.</summary>
    public void Free(Arena memory)
    {
        memory.TryFree(Value);
        memory.TryFree(Gradient);
        Forget();
    }

    /// <summary>
    /// Forgets a pass that failed half-way, whose tensors are for others to free.
    /// </summary>
    public void Forget() => (Value, Gradient) = (default, default);
}
