using RevUp.Distributed;

namespace RevUp.Runs;

/// <summary>One line of metrics.jsonl about a step; see <see cref="MetricsLog"/>.</summary>
internal sealed record StepMetrics(
    long Step,
    int Epoch,
    double Loss,
    double Top1,
    double LearningRate,
    double Milliseconds,
    long ActivationPeakBytes,
    int[] Evaluations,
    double[] Contractions, // of each block; NaN where none was measured
    double WorstResidual,
    int Replays)
{
    /// <summary>Of a regression, which has no top-1; NaN of another task.</summary>
    public double MeanAbsoluteError { get; init; } = double.NaN;

    /// <summary>c of each block after the step, where each has its own.</summary>
    public double[] Coefficients { get; init; } = [];

    /// <summary>Wait of the ranks; null where none was measured.</summary>
    public RankWait? Wait { get; init; }
}
