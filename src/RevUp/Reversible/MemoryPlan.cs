using System.Text.Json.Serialization;
using RevUp.Layers;

namespace RevUp.Reversible;

/// <summary>A policy for every layer of a network.</summary>
public sealed record MemoryPlan
{
    /// <summary>
    /// The policies that all blocks can have together: all but <see cref="MemoryPolicy.Auto"/>.
    /// </summary>
    public static IReadOnlyList<MemoryPolicy> Uniform { get; } =
        [MemoryPolicy.Store, MemoryPolicy.Checkpoint, MemoryPolicy.Compress, MemoryPolicy.Invert];

    /// <summary>"off" of a recipe: layers take whole batches, whatever the budget.</summary>
    public const int NoSlabs = -1;

    /// <summary>The policy of layers that can follow it.</summary>
    public MemoryPolicy Policy { get; init; } = MemoryPolicy.Invert;

    /// <summary>
    /// Under <see cref="MemoryPolicy.Invert"/>, every n-th block keeps its input, so that
    /// reconstruction errors start again there; 0 for none.
    /// </summary>
    public int AnchorEvery { get; init; }

    /// <summary>Bits per element under <see cref="MemoryPolicy.Compress"/>: 4 or 8.</summary>
    public int CompressBits { get; init; } = 8;

    /// <summary>
    /// Planes of a slab at the finest extents, where layers take a sample slab by slab along its
    /// outermost axis (D in 3-D, H in 2-D); coarser layers take as many elements. 0 ("auto") is for
    /// whole batches, unless a memory budget needs slabs; <see cref="NoSlabs"/> for whole batches.
    /// </summary>
    public int Slab { get; init; }

    /// <summary>
    /// Under <see cref="MemoryPolicy.Auto"/>, the policy of each block, by
    /// <see cref="Block.Index"/>; not looked at under any other.
    /// </summary>
    [JsonIgnore]
    public IReadOnlyList<MemoryPolicy> Blocks { get; init; } = [];

    /// <summary>
    /// Whether a block keeps its input whenever it could be inverted (<see cref="AnchorEvery"/>).
    /// </summary>
    internal bool IsAnchor(Block block) => AnchorEvery > 0 && block.Index > 0 && block.Index % AnchorEvery == 0;

    /// <summary>
    /// The policy of one layer. A block follows the plan as far as it can. Other layers have no
    /// choice: a layer with an inverse is inverted, any other keeps its input. Behind a compressed
    /// stream only layers that move elements are inverted, because others would change the decoded
    /// stream.
    /// </summary>
    internal MemoryPolicy For(Layer layer) => layer is Block block
        ? block.Follow(Policy == MemoryPolicy.Auto ? Blocks[block.Index] : Policy, IsAnchor(block))
        : (Policy == MemoryPolicy.Compress ? layer.OnlyMoves : layer.IsInvertible) ? MemoryPolicy.Invert
        : Policy == MemoryPolicy.Checkpoint ? MemoryPolicy.Checkpoint
        : MemoryPolicy.Store;
}
