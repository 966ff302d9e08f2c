namespace RevUp.Runs;

/// <summary>Where an evaluation of a run stands.</summary>
/// <param name="Done">Fraction of the test set.</param>
/// <param name="Remaining">Estimated time to the end of the run.</param>
internal readonly record struct EvaluationProgress(double Done, TimeSpan Remaining);
