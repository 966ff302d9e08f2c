using RevUp.Data;

namespace RevUp.Runs;

/// <summary>Quality on one part of a dataset.</summary>
/// <param name="Top1">Fraction of the samples evaluated whose largest logit is the right class.</param>
/// <param name="Loss">Mean cross-entropy of the samples evaluated, without class weights.</param>
/// <param name="Samples">Samples evaluated.</param>
/// <param name="LeftOut">Samples that could not be read; together with <paramref name="Samples"/>, the dataset.</param>
public readonly record struct EvaluationResult(double Top1, double Loss, int Samples, int LeftOut = 0)
{
    /// <summary>Which part.</summary>
    public DatasetSplit Part { get; init; } = DatasetSplit.Test;

    /// <summary>
    /// Recall, confusion and AUC; null in the metrics of an earlier version, and before the first
    /// evaluation.
    /// </summary>
    public ClassMeasures? Classes { get; init; }

    /// <summary>Mean recall of the classes; NaN where it was not measured.</summary>
    public double BalancedAccuracy => Classes?.BalancedAccuracy ?? double.NaN;

    /// <inheritdoc cref="ClassMeasures.Auc"/>
    public double Auc => Classes?.Auc ?? double.NaN;
}
