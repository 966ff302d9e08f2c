namespace RevUp.Data;

/// <summary>One part of a dataset.</summary>
/// <param name="Name">
/// "train", "validation" or "test"; empty where a folder is no more than one part.
/// </param>
/// <param name="Samples">All there are.</param>
/// <param name="Classes">In the order of the labels, those without a sample included.</param>
/// <param name="Sizes">
/// Smaller ones first; of images with sizes of their own, the shorter side up to a power of two.
/// </param>
/// <param name="Findings">Files of the folder that are no samples.</param>
internal sealed record DatasetPart(
    string Name,
    int Samples,
    IReadOnlyList<SampleCount> Classes,
    IReadOnlyList<SampleCount> Sizes,
    IReadOnlyList<DataFinding> Findings);
