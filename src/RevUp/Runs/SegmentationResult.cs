using RevUp.Data;

namespace RevUp.Runs;

/// <summary>An evaluation of label maps, for its file and the report.</summary>
/// <param name="Part">Which part of the data.</param>
/// <param name="Step">Step of the checkpoint.</param>
/// <param name="Classes">Names of the K classes.</param>
/// <param name="Measures">Figures of every case and class.</param>
/// <param name="Views">Pictures of some cases, the worst first.</param>
internal sealed record SegmentationResult(
    DatasetSplit Part, long Step, IReadOnlyList<string> Classes, SegmentationMeasures Measures,
    IReadOnlyList<CaseView> Views);
