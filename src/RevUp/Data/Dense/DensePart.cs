namespace RevUp.Data.Dense;

/// <summary>One part of a dataset with label maps.</summary>
/// <param name="Name">"train", "validation" or "test".</param>
/// <param name="Cases">All there are.</param>
/// <param name="Channels">Names of the C channels.</param>
/// <param name="Extents">Positions along (D,) H, W over the cases.</param>
/// <param name="Spacing">Millimetres along D, H, W; none for images.</param>
/// <param name="Classes">
/// In the order of the labels, then the ignored positions and numbers without a class.
/// </param>
/// <param name="Damaged">A message for each case that cannot be used.</param>
/// <param name="Findings">Files that are no cases.</param>
internal sealed record DensePart(
    string Name,
    int Cases,
    IReadOnlyList<string> Channels,
    IReadOnlyList<AxisRange> Extents,
    IReadOnlyList<AxisRange> Spacing,
    IReadOnlyList<VoxelCount> Classes,
    IReadOnlyList<string> Damaged,
    IReadOnlyList<DataFinding> Findings);
