namespace RevUp.Runs;

/// <summary>Where a run stands after a step.</summary>
/// <param name="Epoch">From 1.</param>
/// <param name="Epochs">Epochs of the recipe.</param>
/// <param name="Step">Updates done.</param>
/// <param name="Steps">Updates of the whole run.</param>
/// <param name="Loss">
/// Mean training loss of the last steps; NaN before the first step since a resume.
/// </param>
/// <param name="Top1">
/// Training top-1 of the last steps; NaN before the first step since a resume.
/// </param>
/// <param name="ImagesPerSecond">Of the last steps, data and bookkeeping included.</param>
/// <param name="MeanEvaluations">
/// k, over all blocks of the last step; 0 when nothing is inverted.
/// </param>
/// <param name="Remaining">Estimated time to the end of the run, with its evaluations.</param>
/// <param name="Evaluation">The test result, after an epoch that was evaluated.</param>
public readonly record struct TrainingProgress(
    int Epoch,
    int Epochs,
    long Step,
    long Steps,
    double Loss,
    double Top1,
    double ImagesPerSecond,
    double MeanEvaluations,
    TimeSpan Remaining,
    EvaluationResult? Evaluation)
{
    /// <summary>
    /// Mean absolute error of the last steps of a regression, whose top-1 is NaN; NaN of another
    /// task.
    /// </summary>
    public double MeanAbsoluteError { get; init; } = double.NaN;
}
