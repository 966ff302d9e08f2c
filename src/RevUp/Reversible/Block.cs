using RevUp.Backends;
using RevUp.Layers;
using RevUp.Tensors;

namespace RevUp.Reversible;

/// <summary>
/// A layer of residual branches, which follows the memory policy: it costs memory or work to get
/// its input back. y has the shape of x. A kind of block states what it can do, and follows what it
/// can.
/// </summary>
/// <param name="name">Name; parameters take it as prefix.</param>
/// <param name="index">Position among the network's blocks.</param>
/// <param name="backend">The device.</param>
/// <param name="input">Shape of one sample.</param>
internal abstract class Block(string name, int index, Backend backend, Shape input) : Layer(name, backend, input)
{
    /// <summary>Position among the network's blocks.</summary>
    public int Index { get; } = index;

    /// <inheritdoc/>
    public override Shape Output => Input;

    /// <summary>Whether the block can write its output as codes (<see cref="Compress"/>).</summary>
    public virtual bool CanCompress => false;

    /// <summary>
    /// Whether an inverse is found by iteration: it is recorded for every step, and may be refused.
    /// </summary>
    public virtual bool IsIterated => false;

    /// <summary>
    /// Whether the input is computed again from the layer before, which keeps its own, so that no
    /// inverse is needed (<see cref="LipschitzSettings.FreeLeadingBlocks"/>).
    /// </summary>
    public bool IsRecomputed { get; init; }

    /// <summary>
    /// The policy that the block follows where <paramref name="wanted"/> is asked of it.
    /// </summary>
    /// <param name="wanted">
    /// A policy; under <see cref="MemoryPolicy.Auto"/>, the one chosen for the block.
    /// </param>
    /// <param name="anchor">Whether the block keeps its input even if it could be inverted.</param>
    public MemoryPolicy Follow(MemoryPolicy wanted, bool anchor) => wanted switch
    {
        MemoryPolicy.Store or MemoryPolicy.Checkpoint => wanted,
        MemoryPolicy.Compress => CanCompress ? MemoryPolicy.Compress : MemoryPolicy.Store,
        _ when IsRecomputed => MemoryPolicy.Invert,
        _ when !IsInvertible => MemoryPolicy.Store,
        _ => anchor ? MemoryPolicy.Checkpoint : MemoryPolicy.Invert,
    };

    /// <summary>
    /// y = x + F(x) in the memory of x, and <paramref name="code"/> such that
    /// <paramref name="decoded"/>, updated by it, is within half a step of y.
    /// </summary>
    /// <exception cref="InvalidOperationException">
    /// The block cannot (<see cref="CanCompress"/>).
    /// </exception>
    public virtual void Compress(Tensor x, Tensor decoded, in Code code) =>
        throw new InvalidOperationException($"The block '{Name}' has no codes; its input must be kept or rebuilt.");

    /// <summary>
    /// The inverse as <see cref="Layer.Inverse"/> has it, by <paramref name="solver"/> where it is
    /// iterated: then an empty result leaves y alone, and means a refused inversion.
    /// <paramref name="below"/> is inverted next.
    /// </summary>
    internal virtual Tensor Invert(
        FixedPointInversion solver, Tensor y, ref SavedTensors saved, out Tensor point, Neighbour below = default) =>
        Inverse(y, ref saved, out point);
}
