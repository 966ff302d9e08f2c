namespace RevUp.Runs;

/// <summary>The ranks of a run, for its record.</summary>
/// <param name="Nodes">Name of the node of each rank, in their order.</param>
/// <param name="Library">Name and version of the MPI library.</param>
internal sealed record RankRecord(IReadOnlyList<string> Nodes, string Library);
