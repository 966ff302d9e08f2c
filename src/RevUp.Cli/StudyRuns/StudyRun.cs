using RevUp.Diagnostics;

namespace RevUp.Cli.StudyRuns;

/// <summary>A run of a study that has come to its end.</summary>
/// <param name="Seed">Of weights, order and augmentation.</param>
/// <param name="Figures">Figures that the run recorded.</param>
/// <param name="Inspection">
/// Inspection of its network on test images; null where no block is inverted by iteration.
/// </param>
internal sealed record StudyRun(ulong Seed, RunFigures Figures, Inspection? Inspection);
