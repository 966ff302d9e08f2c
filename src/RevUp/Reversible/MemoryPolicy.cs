using RevUp.Layers;

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

    /// <summary>Nothing is kept; the input is rebuilt from the output.</summary>
    Invert,
}

/// <summary>A policy for every layer of a network.</summary>
public sealed record MemoryPlan
{
    /// <summary>The policy of layers that can follow it.</summary>
    public MemoryPolicy Policy { get; init; } = MemoryPolicy.Invert;

    /// <summary>
    /// Under <see cref="MemoryPolicy.Invert"/>, every n-th block keeps its input, so that reconstruction errors start anew there; 0 for none.
    /// </summary>
    public int AnchorEvery { get; init; }

    /// <summary>Bits per element under <see cref="MemoryPolicy.Compress"/>: 4 or 8.</summary>
    public int CompressBits { get; init; } = 8;

    /// <summary>Throws when a value is outside its range, or inversion was asked for where blocks have no inverse.</summary>
    /// <exception cref="ConfigurationException">Names the value and the fix.</exception>
    public void Validate(BlockKind block, Lipschitz.LipschitzMode mode)
    {
        ConfigurationException.Require(AnchorEvery >= 0, $"reversible.anchorEvery is {AnchorEvery}; use a positive number of blocks, or 0 for no anchors");
        ConfigurationException.Require(CompressBits is 4 or 8, $"reversible.compressBits is {CompressBits}; use 4 or 8");
        string? obstacle = Obstacle(block, mode);
        ConfigurationException.Require(obstacle is null, $"{obstacle}");
    }

    /// <summary>Whether blocks of this kind and Lipschitz control can follow the policy.</summary>
    public bool IsPossible(BlockKind block, Lipschitz.LipschitzMode mode) => Obstacle(block, mode) is null;

    private string? Obstacle(BlockKind block, Lipschitz.LipschitzMode mode) => (Policy, block) switch
    {
        (MemoryPolicy.Compress, BlockKind.Coupling) =>
            "reversible.policy is 'compress', but model.block 'coupling' is inverted exactly and keeps nothing; use the policy 'invert'",
        (MemoryPolicy.Invert, BlockKind.Residual) =>
            "reversible.policy is 'invert', but model.block 'residual' has no inverse; use 'store', 'checkpoint' or 'compress', or another block",
        (MemoryPolicy.Invert, BlockKind.Invertible) when mode == Lipschitz.LipschitzMode.None =>
            "reversible.policy is 'invert', but blocks with model.lipschitz.mode 'none' have no inverse; use the mode 'perBranch' or the policy 'compress'",
        _ => null,
    };

    /// <summary>The policy of one layer: layers that are not invertible keep their input whatever the plan says.</summary>
    public MemoryPolicy For(Layer layer)
    {
        if (Policy is MemoryPolicy.Store or MemoryPolicy.Checkpoint)
        {
            return layer.IsInvertible && layer is not Block ? MemoryPolicy.Invert : Policy;
        }
        if (Policy == MemoryPolicy.Compress)
        {
            return layer is ResidualBlock ? MemoryPolicy.Compress : layer.OnlyMoves ? MemoryPolicy.Invert : MemoryPolicy.Store;
        }
        if (!layer.IsInvertible)
        {
            return MemoryPolicy.Store;
        }
        bool anchor = AnchorEvery > 0 && layer is Block block && block.Index > 0 && block.Index % AnchorEvery == 0;
        return anchor ? MemoryPolicy.Checkpoint : MemoryPolicy.Invert;
    }
}
