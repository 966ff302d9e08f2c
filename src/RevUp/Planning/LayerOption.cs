using RevUp.Reversible;

namespace RevUp.Planning;

/// <summary>Cost of one layer under one policy.</summary>
/// <param name="Policy">The policy.</param>
/// <param name="FromStream">
/// Whether a compressed stream (<see cref="CompressedStream"/>) is live before the layer.
/// </param>
/// <param name="ToStream">Whether one is live behind it.</param>
/// <param name="KeptBytes">
/// Bytes that its forward pass leaves for its backward pass. A transition that joins a skip
/// connection makes the stream of the connection's tensor, which is kept no longer: its count is
/// negative where that one is the larger.
/// </param>
/// <param name="WorkingBytes">
/// The most bytes live at once in either of its passes, beyond what the layers before it have kept;
/// its own are counted.
/// </param>
/// <param name="Milliseconds">Of both passes.</param>
internal readonly record struct LayerOption(
    MemoryPolicy Policy, bool FromStream, bool ToStream, long KeptBytes, long WorkingBytes, double Milliseconds)
{
    /// <summary>
    /// Whether the numbers hold where all blocks follow the policy, and there alone: the input is
    /// then wanted by no other block.
    /// </summary>
    public bool IsUniform { get; init; }

    /// <summary>Whether the layer is frozen: it has no backward pass, and no policy.</summary>
    public bool IsFrozen { get; init; }

    /// <summary>
    /// The most bytes live at once in its backward pass, counted as <see cref="WorkingBytes"/> is.
    /// </summary>
    public long BackwardBytes { get; init; }

    /// <summary>
    /// The most bytes live at once when the input of a block behind the layer is recomputed through
    /// it, because the block's inversion was refused. It is counted as <see cref="WorkingBytes"/>
    /// is; 0 where that never happens.
    /// </summary>
    public long ReplayBytes { get; init; }

    /// <summary>The most bytes live at once in the layer, whatever happens.</summary>
    public long MostBytes => Math.Max(WorkingBytes, ReplayBytes);
}
