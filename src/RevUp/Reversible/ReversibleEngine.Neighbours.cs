using RevUp.Backends;
using RevUp.Layers;
using RevUp.Tensors;

namespace RevUp.Reversible;

/// <summary>Tensors that layers write for the fused layers beside them.</summary>
internal sealed partial class ReversibleEngine
{
    /// <summary>
    /// For a layer that goes through the backward pass alone: makes what the layer behind would
    /// have written for it.
    /// </summary>
    internal void MakeGradient(int index, Tensor gradient)
    {
        if (HasGradient(index) && TakesGradient(index))
        {
            ref SavedTensors saved = ref _saved[index];
            saved.Gradient = Backend.Memory.Allocate(gradient.Shape, ElementType.BFloat16, MemoryPurpose.Activations);
            Backend.Cast(gradient, saved.Gradient);
        }
    }

    /// <summary>
    /// Whether the layer behind writes the gradient in the type of this one's convolutions, where
    /// both follow one policy.
    /// </summary>
    internal bool HasGradient(int index) =>
        index + 1 < _layers.Count && _layers[index].FusedInput is not null
            && _layers[index + 1] is { FusedInput: not null } and not Block { IsRecomputed: true };

    /// <summary>
    /// Whether the input of a fused layer is not wanted as the output of the layer before it, where
    /// all blocks follow "store" or "checkpoint".
    /// </summary>
    internal bool CanAbsorbInput(int index) =>
        index > 0 && _layers[index].FusedInput is not null && SkipAt(index) is null
            && _layers[index - 1] is Block or { IsInvertible: false } and not TransposedTransition;

    /// <summary>Frees what a layer that goes alone has written for the layers beside it.</summary>
    internal void FreeWrittenBeside(int index)
    {
        foreach (int other in (ReadOnlySpan<int>)[index - 1, index + 1])
        {
            if (other >= 0 && other < _saved.Length)
            {
                _saved[other].TryFree(Backend.Memory);
                _saved[other] = default;
            }
        }
    }

    // The layer behind takes the output next, unless it is coded.
    private Neighbour ReaderOfOutput(int index) =>
        index + 1 < _layers.Count && _layers[index + 1] is { FusedInput: { } reader } next
            && Plan.For(next) != MemoryPolicy.Compress
            ? new Neighbour(reader, ref _saved[index + 1])
            : default;

    private Neighbour ReaderOfInput(int index) => index > _frozen && IsInverted(index - 1) ? Below(index) : default;

    private Neighbour ReaderOfGradient(int index) =>
        index > _frozen && TakesGradient(index - 1) ? Below(index) : default;

    // A block that recomputes its intermediates beside its input has no room for another tensor.
    private bool TakesGradient(int index) =>
        _layers[index] is StridedTransition || IsInverted(index) || !_saved[index].IsEmpty
            || AbsorbsInput(index, MemoryPolicy.Checkpoint);

    // Under one policy of all blocks no input of a block is wanted as the output of another. A
    // fused block then gives its input's memory away: it keeps its intermediates under "store", and
    // under "checkpoint" the first of them, which is half as large as the input. A fused transition
    // keeps that under both.
    private bool AbsorbsInput(int index, MemoryPolicy policy) =>
        Plan.Policy == policy && CanAbsorbInput(index) && InputObserver is null;

    private Neighbour Below(int index) =>
        _layers[index - 1].FusedInput is { } reader
            ? new Neighbour(reader, ref _saved[index - 1])
            : default;

    // Whether the backward pass finds the input of a layer by iteration.
    private bool IsInverted(int index) =>
        index > 0 && _layers[index] is InvertibleBlock { IsRecomputed: false }
            && !KeepsInput(index) && _saved[index].IsEmpty && !_stream.Has(index);
}
