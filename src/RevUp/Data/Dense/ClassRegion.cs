namespace RevUp.Data.Dense;

/// <summary>A union of classes that has a name of its own, such as nnU-Net's regions.</summary>
/// <param name="Name">The name.</param>
/// <param name="Labels">Labels of its classes, each below K.</param>
internal sealed record ClassRegion(string Name, IReadOnlyList<int> Labels);
