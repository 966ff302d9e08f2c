namespace RevUp.Data.Dense;

/// <summary>Files of one case.</summary>
/// <param name="Name">Of the case: its files without channel and extension.</param>
/// <param name="Part">"train", "validation" or "test".</param>
/// <param name="Images">One file for each channel, or one with all of them.</param>
/// <param name="Labels">The label map; null where there is none.</param>
internal sealed record CaseFiles(string Name, string Part, IReadOnlyList<string> Images, string? Labels);
