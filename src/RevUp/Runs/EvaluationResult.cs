using RevUp.Data;

namespace RevUp.Runs;

/// <summary>Quality on one part of a dataset.</summary>
/// <param name="Top1">
/// Fraction of the samples evaluated whose largest logit is the right class; of several labels,
/// whose labels are all right; of a segmentation, of the positions with a label; NaN of a
/// regression.
/// </param>
/// <param name="Loss">Mean loss of them, without class weights and Dice.</param>
/// <param name="Samples">Samples evaluated, or whole cases.</param>
/// <param name="LeftOut">
/// Samples that could not be read; together with <paramref name="Samples"/>, the dataset.
/// </param>
public readonly record struct EvaluationResult(double Top1, double Loss, int Samples, int LeftOut = 0)
{
    /// <summary>Which part.</summary>
    internal DatasetSplit Part { get; init; } = DatasetSplit.Test;

    /// <summary>
    /// Recall, confusion and AUC; null in the metrics of an earlier version, and before the first
    /// evaluation.
    /// </summary>
    internal ClassMeasures? Classes { get; init; }

    /// <summary>Dice of the classes; null of a classification.</summary>
    internal SegmentationSummary? Segmentation { get; init; }

    /// <summary>Measures of several labels; null of another task.</summary>
    internal LabelMeasures? Labels { get; init; }

    /// <summary>Errors of a regression; null of another task.</summary>
    internal ErrorMeasures? Errors { get; init; }

    /// <summary>
    /// F1 of several labels, 2·TP / (2·TP + FP + FN) over all labels and samples together, where
    /// probabilities above 1/2 are answers; NaN of another task.
    /// </summary>
    public double F1 => Labels?.F1 ?? double.NaN;

    /// <summary>
    /// Average precision of each of several labels, the area under its curve of precision over
    /// recall; NaN of a label that no sample has, empty of another task.
    /// </summary>
    public IReadOnlyList<double> AveragePrecision => Labels?.AveragePrecision ?? [];

    /// <summary>
    /// Mean of <see cref="AveragePrecision"/> over the labels that occur; NaN of another task.
    /// </summary>
    public double MeanAveragePrecision => Labels?.MeanAveragePrecision ?? double.NaN;

    /// <summary>
    /// Mean |output − target| of each number of a regression, in the unit of its target; empty of
    /// another task.
    /// </summary>
    public IReadOnlyList<double> AbsoluteErrors => Errors?.Absolute ?? [];

    /// <summary>Mean of <see cref="AbsoluteErrors"/>; NaN of another task.</summary>
    public double MeanAbsoluteError => Errors?.MeanAbsolute ?? double.NaN;

    /// <summary>
    /// Mean over the numbers of a regression of R² = 1 − Σ (output − target)² / Σ (target − mean)²;
    /// NaN where all targets are equal, and of another task.
    /// </summary>
    public double R2 => Errors?.R2 ?? double.NaN;

    /// <summary>
    /// Mean over cases of each class's Dice, 2·|P ∩ T| / (|P| + |T|); NaN of a class in no case,
    /// empty of a classification.
    /// </summary>
    public IReadOnlyList<double> Dice => Segmentation?.Dice ?? [];

    /// <summary>
    /// Mean of <see cref="Dice"/> without class 0, the background; NaN of a classification.
    /// </summary>
    public double ForegroundDice => Segmentation?.ForegroundDice ?? double.NaN;

    /// <summary>Mean recall of the classes; NaN where it was not measured.</summary>
    public double BalancedAccuracy => Classes?.BalancedAccuracy ?? double.NaN;

    /// <summary>
    /// Fraction of the samples of each class that were found; NaN of a class without samples.
    /// </summary>
    public IReadOnlyList<double> Recall => Classes?.Recall ?? [];

    /// <summary>
    /// K rows of K counts: samples of the row's class that were taken for the column's. Empty above
    /// 1,000 classes.
    /// </summary>
    public IReadOnlyList<IReadOnlyList<int>> Confusion => Classes?.ConfusionRows() ?? [];

    /// <summary>
    /// Area under the ROC curve, for more than two classes the mean of each against all others; NaN
    /// where it is not defined or was left out.
    /// </summary>
    public double Auc => Classes?.Auc ?? double.NaN;
}
