namespace RevUp.Cli.StudyRuns;

/// <summary>Figures of a run that has come to its end.</summary>
internal sealed record RunFigures
{
    /// <summary>The run's result, on the whole test part.</summary>
    public required EvaluationResult Test { get; init; }

    /// <summary>
    /// Mean k of the last epoch, over its steps and blocks; 0 when nothing was inverted.
    /// </summary>
    public required double MeanEvaluations { get; init; }

    /// <summary>Largest k of the whole run; 0 when nothing was inverted.</summary>
    public required int WorstEvaluations { get; init; }

    /// <summary>
    /// L̂, the ratio of the last two corrections, over the last epoch's inversions with two
    /// evaluations or more; NaN when there were none.
    /// </summary>
    public required double MeanContraction { get; init; }

    /// <summary>Largest L̂ of the last epoch; NaN when there was none.</summary>
    public required double WorstContraction { get; init; }

    /// <summary>Inversions that were refused and replaced, in the whole run.</summary>
    public required long Replays { get; init; }

    /// <summary>Peak bytes of activations over the run's steps.</summary>
    public required long ActivationBytes { get; init; }

    /// <summary>Numbers trained.</summary>
    public required long Parameters { get; init; }

    /// <summary>Median time of a step, data loading left out.</summary>
    public required double StepMilliseconds { get; init; }

    /// <summary>The device, in words.</summary>
    public required string Device { get; init; }

    /// <summary>All epochs, in order.</summary>
    public required IReadOnlyList<EpochFigures> Epochs { get; init; }

    /// <summary>
    /// The figures of the run in a folder; null when there is none there or it has not come to its
    /// end.
    /// </summary>
    public static RunFigures? Read(string folder)
    {
        string metrics = Path.Combine(folder, MetricsLog.FileName);
        if (RunRecord.Read(folder) is not { Summary.Interrupted: false } record || !File.Exists(metrics))
        {
            return null;
        }
        RunHistory history = RunHistory.Read(metrics);
        if (history.Steps.Count == 0 || history.Final is not { } last || last.Step != record.Summary.Step)
        {
            return null;
        }
        SortedDictionary<int, EpochMetrics> epochs = history.Epochs();
        EpochMetrics end = epochs.Values.Last();
        return new RunFigures
        {
            Test = last.Result,
            MeanEvaluations = end.MeanEvaluations,
            WorstEvaluations = epochs.Values.Max(epoch => epoch.WorstEvaluations),
            MeanContraction = end.MeanContraction,
            WorstContraction = end.WorstContraction,
            Replays = epochs.Values.Sum(epoch => (long)epoch.Replays),
            ActivationBytes = history.Steps.Max(step => step.ActivationPeakBytes),
            Parameters = record.Parameters,
            StepMilliseconds = history.MedianMilliseconds,
            Device = record.Device,
            Epochs = [.. epochs.Select(epoch => new EpochFigures(
                epoch.Key + 1,
                epoch.Value.LastStep,
                epoch.Value.Loss,
                epoch.Value.Held?.Top1 ?? double.NaN,
                epoch.Value.MeanEvaluations))],
        };
    }
}
