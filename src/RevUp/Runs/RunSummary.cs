using RevUp.Distributed;
using RevUp.Planning;
using RevUp.Tensors;

namespace RevUp.Runs;

/// <summary>How a run ended.</summary>
public sealed record RunSummary
{
    /// <summary>Whether it was stopped before its end, the last evaluation.</summary>
    public required bool Interrupted { get; init; }

    /// <summary>Updates done, those before a resume included.</summary>
    public required long Step { get; init; }

    /// <summary>
    /// The result: of the test part, with the chosen checkpoint where there is a validation part.
    /// Before the end, and without a test part, of the validation part. 0 samples when there was no
    /// evaluation yet.
    /// </summary>
    public required EvaluationResult Evaluation { get; init; }

    /// <summary>
    /// Updates of the checkpoint that the validation part chose; null without a validation part.
    /// </summary>
    public long? ChosenStep { get; init; }

    /// <summary>The chosen checkpoint on the validation part; null where none was chosen.</summary>
    public EvaluationResult? Validation { get; init; }

    /// <summary>Damaged samples that the run met; damaged.txt in its folder names them.</summary>
    public int DamagedSamples { get; init; }

    /// <summary>Median time of a step.</summary>
    public required double StepMilliseconds { get; init; }

    /// <summary>
    /// Fraction of the training time in which the run waited for data, 0 to 1. Evaluations are left
    /// out. More <c>data.workers</c> lower it.
    /// </summary>
    public required double DataWaitShare { get; init; }

    /// <summary>
    /// Mean wait of the ranks in a step; null of one process, and where sums go beside the work.
    /// </summary>
    internal RankWait? Wait { get; init; }

    /// <summary>Mean k over all steps and blocks; 0 when nothing was inverted.</summary>
    public required double MeanEvaluations { get; init; }

    /// <summary>Largest k.</summary>
    public required int MaxEvaluations { get; init; }

    /// <summary>Largest inversion residual that was trained on.</summary>
    public required double MaxInversionResidual { get; init; }

    /// <summary>Inversions refused and replaced by a recomputation.</summary>
    public required long Replays { get; init; }

    /// <summary>Peak memory by purpose.</summary>
    public required MemoryUse Peak { get; init; }

    /// <summary>
    /// The most bytes of all purposes that were live at once, in steps or evaluations.
    /// </summary>
    public required long TotalPeakBytes { get; init; }

    /// <summary>
    /// Expected cost of a step; null unless this process planned the run for a budget.
    /// </summary>
    internal StepForecast? Forecast { get; init; }

    /// <summary>Folder of the run; empty where it has none.</summary>
    public required string Folder { get; init; }

    /// <summary>Folder of the last checkpoint; empty where there is none.</summary>
    public required string Checkpoint { get; init; }
}
