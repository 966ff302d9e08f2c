using RevUp.Layers;

namespace RevUp.Reversible;

/// <summary>
/// A neighbouring branch that reads what a block has just computed: the block writes it in the form
/// that the branch wants as well, while it is in registers. Default where there is none.
/// </summary>
/// <param name="branch">The branch; it is fused (<see cref="ResidualBranch.IsFused"/>).</param>
/// <param name="saved">Where the branch finds what was written for it.</param>
internal readonly ref struct Neighbour(ResidualBranch branch, ref SavedTensors saved)
{
    private readonly ref SavedTensors _saved = ref saved;

    /// <summary>The branch; null where there is none.</summary>
    public ResidualBranch? Branch { get; } = branch;

    /// <summary>Its saved tensors; only with a branch.</summary>
    public ref SavedTensors Saved => ref _saved;
}
