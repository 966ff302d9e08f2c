using RevUp.Training;

namespace RevUp.Runs;

/// <summary>Which of a run's checkpoints the validation part chooses.</summary>
internal static class CheckpointChoice
{
    /// <summary>
    /// The best evaluation by a measure; of equals the one of the smallest loss, then the earliest.
    /// Null when there is none.
    /// </summary>
    public static EvaluationMetrics? Best(IEnumerable<EvaluationMetrics> evaluations, CheckpointMeasure by)
    {
        EvaluationMetrics? best = null;
        foreach (EvaluationMetrics candidate in evaluations)
        {
            best = best is null || Compare(candidate.Result, best.Result, by) > 0 ? candidate : best;
        }
        return best;
    }

    // A measure that is not a number is the worst.
    private static int Compare(EvaluationResult result, EvaluationResult other, CheckpointMeasure by)
    {
        int byMeasure = Score(result, by).CompareTo(Score(other, by));
        return byMeasure != 0
            ? byMeasure
            : Score(result, CheckpointMeasure.Loss).CompareTo(Score(other, CheckpointMeasure.Loss));
    }

    private static double Score(EvaluationResult result, CheckpointMeasure by) => by switch
    {
        CheckpointMeasure.Loss => -result.Loss,
        CheckpointMeasure.BalancedAccuracy => result.BalancedAccuracy,
        CheckpointMeasure.Auc => result.Auc,
        CheckpointMeasure.Dice => result.ForegroundDice,
        CheckpointMeasure.MeanAveragePrecision => result.MeanAveragePrecision,
        CheckpointMeasure.Iou => result.Segmentation?.PooledIou ?? double.NaN,
        _ => result.Top1,
    };
}
