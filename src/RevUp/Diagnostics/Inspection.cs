namespace RevUp.Diagnostics;

/// <summary>How invertible a network is on data.</summary>
/// <param name="Images">Samples that were inverted.</param>
/// <param name="Tolerance">Tolerance of the inversions.</param>
/// <param name="Blocks">Those that are inverted, first to last.</param>
internal sealed record Inspection(int Images, double Tolerance, IReadOnlyList<BlockReport> Blocks);
