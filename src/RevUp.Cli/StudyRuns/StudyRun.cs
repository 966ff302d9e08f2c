using RevUp.Diagnostics;

namespace RevUp.Cli.StudyRuns;

/// <summary>A run of a study that has come to its end.</summary>
/// <param name="Seed">Of weights, order and augmentation.</param>
/// <param name="Figures">What the run recorded.</param>
/// <param name="Inspection">What its network showed on test images; null where no block is inverted by iteration.</param>
internal sealed record StudyRun(ulong Seed, RunFigures Figures, Inspection? Inspection);
