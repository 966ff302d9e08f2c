using RevUp.Models;

namespace RevUp.Runs;

/// <summary>A measure that belongs to a task, for reports.</summary>
/// <param name="Name">In print.</param>
/// <param name="IsShare">Whether it is a fraction that is printed as a percentage.</param>
/// <param name="OfEpoch">Mean over the steps of an epoch; null where steps have none.</param>
/// <param name="OfResult">Of an evaluation.</param>
internal sealed record TaskMeasure(
    string Name, bool IsShare, Func<EpochMetrics, double>? OfEpoch, Func<EvaluationResult, double> OfResult)
{
    private static readonly TaskMeasure s_top1 = new("top-1", true, epoch => epoch.Top1, result => result.Top1);
    private static readonly TaskMeasure s_auc = new("AUC", false, null, result => result.Auc);

    /// <summary>Head of a column.</summary>
    public string Title => IsShare ? Name + " %" : Name;

    /// <summary>The measures of a task, the one that steps have first.</summary>
    public static IReadOnlyList<TaskMeasure> Of(ModelTask task) => task switch
    {
        ModelTask.Segmentation => [s_top1, new("Dice", false, null, result => result.ForegroundDice), s_auc],
        ModelTask.MultiLabel =>
        [
            s_top1 with { Name = "exact match" },
            new("F1", false, null, result => result.F1),
            new("mean average precision", false, null, result => result.MeanAveragePrecision),
        ],
        ModelTask.Regression =>
        [
            new(
                "mean absolute error", false, epoch => epoch.MeanAbsoluteError, result => result.MeanAbsoluteError),
            new("R²", false, null, result => result.R2),
        ],
        _ => [s_top1, new("balanced accuracy", true, null, result => result.BalancedAccuracy), s_auc],
    };
}
