namespace RevUp.Reversible;

/// <summary>How a layer gets its input back for the backward pass.</summary>
public enum MemoryPolicy
{
    /// <summary>
    /// Input and first pre-activations are kept; pointwise inputs are recomputed.
    /// </summary>
    Store,

    /// <summary>The input is kept; the branch is recomputed.</summary>
    Checkpoint,

    /// <summary>
    /// A few bits per element are kept, in a closed loop (<see cref="CompressedStream"/>); the
    /// branch is recomputed at the input as decoded.
    /// </summary>
    Compress,

    /// <summary>
    /// Nothing is kept; the input is rebuilt from the output, or computed again
    /// (<see cref="Block.IsRecomputed"/>).
    /// </summary>
    Invert,

    /// <summary>
    /// For each block one of the others (<see cref="MemoryPlan.Blocks"/>), fastest within a budget
    /// (<see cref="Planning.MemoryPlanner"/>).
    /// </summary>
    Auto,
}
