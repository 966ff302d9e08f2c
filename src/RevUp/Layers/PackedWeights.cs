using RevUp.Backends;
using RevUp.Tensors;

namespace RevUp.Layers;

/// <summary>
/// Weights as a convolution plan wants them: those given where it takes them as they are, or else a
/// copy in memory of its own. On the CPU a copy holds the layouts of fprop and of dgrad and is
/// twice as large as the weights, or their Winograd transform, four times; making it takes a few
/// hundredths of the time of one pass over a training batch.
/// </summary>
internal sealed class PackedWeights(Arena memory)
{
    private Tensor _copy;

    /// <summary>The last result of <see cref="Pack"/>; empty since <see cref="Free"/>.</summary>
    public Tensor Value { get; private set; }

    /// <summary>
    /// Lays scale · weights out for <paramref name="plan"/>, in place of what was packed;
    /// <paramref name="scale"/> may be empty for 1.
    /// </summary>
    public Tensor Pack(ConvolutionPlan plan, Tensor weights, Tensor scale)
    {
        Free();
        if (plan.TakesPlainWeights && scale.IsEmpty)
        {
            return Value = weights;
        }
        _copy = memory.AllocateBytes(plan.PackedBytes, MemoryPurpose.Workspace);
        plan.Pack(weights, scale, _copy);
        return Value = _copy;
    }

    /// <summary>The packed weights, or else the result of <see cref="Pack"/>.</summary>
    public Tensor PackOnce(ConvolutionPlan plan, Tensor weights, Tensor scale) =>
        Value.IsEmpty ? Pack(plan, weights, scale) : Value;

    /// <summary>Frees the copy, if there is one.</summary>
    public void Free()
    {
        memory.TryFree(_copy);
        _copy = Value = default;
    }
}
