using RevUp.Layers;
using RevUp.Lipschitz;
using RevUp.Models;

namespace RevUp.Reversible;

/// <summary>How a layer gets its input back for the backward pass.</summary>
public enum MemoryPolicy
{
    /// <summary>Input and first pre-activations are kept; pointwise inputs are recomputed.</summary>
    Store,

    /// <summary>The input is kept; the branch is recomputed.</summary>
    Checkpoint,

    /// <summary>A few bits per element are kept, in a closed loop (<see cref="CompressedStream"/>); the branch is recomputed at the input as decoded.</summary>
    Compress,

    /// <summary>Nothing is kept; the input is rebuilt from the output, or computed anew (<see cref="InvertibleBlock.IsRecomputed"/>).</summary>
    Invert,

    /// <summary>For each block one of the others (<see cref="MemoryPlan.Blocks"/>), fastest within a budget (<see cref="Planning.MemoryPlanner"/>).</summary>
    Auto,
}

/// <summary>A policy for every layer of a network.</summary>
public sealed record MemoryPlan
{
    /// <summary>The policies that all blocks can have together: all but <see cref="MemoryPolicy.Auto"/>.</summary>
    public static IReadOnlyList<MemoryPolicy> Uniform { get; } = [MemoryPolicy.Store, MemoryPolicy.Checkpoint, MemoryPolicy.Compress, MemoryPolicy.Invert];

    /// <summary>The policy of layers that can follow it.</summary>
    public MemoryPolicy Policy { get; init; } = MemoryPolicy.Invert;

    /// <summary>
    /// Under <see cref="MemoryPolicy.Invert"/>, every n-th block keeps its input, so that reconstruction errors start anew there; 0 for none.
    /// </summary>
    public int AnchorEvery { get; init; }

    /// <summary>Bits per element under <see cref="MemoryPolicy.Compress"/>: 4 or 8.</summary>
    public int CompressBits { get; init; } = 8;

    /// <summary>Under <see cref="MemoryPolicy.Auto"/>, the policy of each block, by <see cref="Block.Index"/>; not looked at under any other.</summary>
    public IReadOnlyList<MemoryPolicy> Blocks { get; init; } = [];

    /// <summary>Throws when a value is outside its range, or a policy was asked for that the network's blocks cannot follow.</summary>
    /// <exception cref="ConfigurationException">Names the value and the fix.</exception>
    public void Validate(ModelSettings model)
    {
        ValidateUnplanned(model);
        if (Policy != MemoryPolicy.Auto)
        {
            return;
        }
        ConfigurationException.Require(
            Blocks.Count == model.BlockCount,
            $"the policy is 'auto' with a plan for {Blocks.Count} blocks, and the network has {model.BlockCount}; leave reversible.plan out to have one made");
        foreach (MemoryPolicy policy in Blocks.Distinct())
        {
            ConfigurationException.Require(policy != MemoryPolicy.Auto, $"reversible.plan has 'auto', which is no policy of a block; use one of the others");
            Require(Obstacle("reversible.plan", policy, model));
        }
    }

    /// <summary>Likewise, where the policies of the single blocks are yet to be chosen.</summary>
    /// <exception cref="ConfigurationException">Names the value and the fix.</exception>
    public void ValidateUnplanned(ModelSettings model)
    {
        ConfigurationException.Require(AnchorEvery >= 0, $"reversible.anchorEvery is {AnchorEvery}; use a positive number of blocks, or 0 for no anchors");
        ConfigurationException.Require(CompressBits is 4 or 8, $"reversible.compressBits is {CompressBits}; use 4 or 8");
        Require(Obstacle("reversible.policy", Policy, model));
    }

    /// <summary>Whether the blocks of a network can follow a policy.</summary>
    public static bool IsPossible(MemoryPolicy policy, ModelSettings model) => Obstacle("", policy, model) is null;

    private static void Require(string? obstacle) => ConfigurationException.Require(obstacle is null, $"{obstacle}");

    private static string? Obstacle(string setting, MemoryPolicy policy, ModelSettings model) => (policy, model.Block) switch
    {
        (MemoryPolicy.Compress, BlockKind.Coupling) =>
            $"{setting} is 'compress', but model.block 'coupling' is inverted exactly and keeps nothing; use the policy 'invert'",
        (MemoryPolicy.Invert, BlockKind.Residual) =>
            $"{setting} is 'invert', but model.block 'residual' has no inverse; use 'store', 'checkpoint' or 'compress', or another block",
        (MemoryPolicy.Invert, BlockKind.Invertible) when model.Lipschitz.Mode == LipschitzMode.None =>
            $"{setting} is 'invert', but blocks with model.lipschitz.mode 'none' have no inverse; use the mode 'perBranch' or the policy 'compress'",
        (not MemoryPolicy.Invert, _) when model.Lipschitz.Mode == LipschitzMode.Adaptive =>
            $"model.lipschitz.mode is 'adaptive', which follows the contraction that inversions measure, and {setting} is "
            + $"'{policy.ToString().ToLowerInvariant()}', under which blocks need not be inverted; use the policy 'invert', or the mode 'none' or 'perBranch'",
        (MemoryPolicy.Auto, BlockKind.Invertible) when model.Lipschitz.FreeLeadingBlocks =>
            $"{setting} is 'auto', which does not know what it costs to compute inputs anew, and model.lipschitz.freeLeadingBlocks is true; use false",
        _ => null,
    };

    /// <summary>Whether a block keeps its input whenever it could be inverted (<see cref="AnchorEvery"/>).</summary>
    public bool IsAnchor(Block block) => AnchorEvery > 0 && block.Index > 0 && block.Index % AnchorEvery == 0;

    /// <summary>The policy of one layer: layers that are not invertible keep their input whatever the plan says.</summary>
    public MemoryPolicy For(Layer layer)
    {
        MemoryPolicy policy = Policy == MemoryPolicy.Auto && layer is Block planned ? Blocks[planned.Index] : Policy;
        if (policy is MemoryPolicy.Store or MemoryPolicy.Checkpoint)
        {
            return layer.IsInvertible && layer is not Block ? MemoryPolicy.Invert : policy;
        }
        if (policy == MemoryPolicy.Compress)
        {
            return layer is ResidualBlock ? MemoryPolicy.Compress : layer.OnlyMoves ? MemoryPolicy.Invert : MemoryPolicy.Store;
        }
        if (layer is InvertibleBlock { IsRecomputed: true })
        {
            return MemoryPolicy.Invert;
        }
        if (!layer.IsInvertible)
        {
            return MemoryPolicy.Store;
        }
        return layer is Block block && IsAnchor(block) ? MemoryPolicy.Checkpoint : MemoryPolicy.Invert;
    }
}
