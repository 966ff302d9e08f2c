using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using RevUp.Tensors;

namespace RevUp.Layers;

/// <summary>
/// Tensors that a layer keeps from its forward pass for its backward pass: up to five, owned by
/// whoever holds the structure.
/// </summary>
internal struct SavedTensors
{
    /// <summary>
    /// The most tensors a layer keeps: two of each of two branches of three convolutions, and what
    /// lies between them.
    /// </summary>
    public const int Capacity = 5;

    private Slots _slots;

    /// <summary>Tensor <paramref name="index"/>; empty when nothing is kept there.</summary>
    public Tensor this[int index]
    {
        readonly get => _slots[index];
        set => _slots[index] = value;
    }

    /// <summary>
    /// The layer's input as its first convolution takes it, φ of it: kept, or written ahead by the
    /// layer that wrote the input. Empty where it is not there.
    /// </summary>
    public Tensor Preactivated { get; set; }

    /// <summary>
    /// The gradient of the layer's output in the type of its convolutions, written by the layer
    /// behind. Empty where it is not there.
    /// </summary>
    public Tensor Gradient { get; set; }

    /// <summary>All places.</summary>
    [UnscopedRef]
    public Span<Tensor> AsSpan() => _slots;

    /// <summary>Whether nothing is kept.</summary>
    public readonly bool IsEmpty => _slots[0].IsEmpty;

    /// <summary>Frees what is kept in slot <paramref name="index"/>.</summary>
    public void Free(Arena memory, int index)
    {
        memory.Free(_slots[index]);
        _slots[index] = default;
    }

    /// <summary>Frees everything kept of the forward pass.</summary>
    public void Free(Arena memory)
    {
        for (int i = 0; i < Capacity; i++)
        {
            if (!_slots[i].IsEmpty)
            {
                Free(memory, i);
            }
        }
        FreePreactivated(memory);
    }

    /// <summary>Frees <see cref="Preactivated"/>, if it is there.</summary>
    public void FreePreactivated(Arena memory)
    {
        if (!Preactivated.IsEmpty)
        {
            memory.Free(Preactivated);
            Preactivated = default;
        }
    }

    /// <summary>Frees everything that is still there, after a failure too.</summary>
    public readonly void TryFree(Arena memory)
    {
        foreach (Tensor tensor in _slots)
        {
            memory.TryFree(tensor);
        }
        memory.TryFree(Preactivated);
        memory.TryFree(Gradient);
    }

    [InlineArray(Capacity)]
    private struct Slots
    {
        private Tensor _first;
    }
}
