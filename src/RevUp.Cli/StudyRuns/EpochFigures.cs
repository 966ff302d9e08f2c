namespace RevUp.Cli.StudyRuns;

/// <summary>One epoch of a run.</summary>
/// <param name="Number">From 1.</param>
/// <param name="Step">Updates done at its end.</param>
/// <param name="Loss">Mean training loss.</param>
/// <param name="Top1">
/// Fraction of the test set classified right at its end; NaN when that was not looked at.
/// </param>
/// <param name="MeanEvaluations">k, over its steps and blocks; 0 when nothing was inverted.</param>
internal sealed record EpochFigures(int Number, long Step, double Loss, double Top1, double MeanEvaluations);
