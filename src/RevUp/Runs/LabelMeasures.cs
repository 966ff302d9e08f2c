namespace RevUp.Runs;

/// <summary>How well each of K labels is found, where a sample may have several.</summary>
/// <remarks>
/// A label is answered where its probability is above 1/2. F1 is 2·TP / (2·TP + FP + FN) over all
/// labels and samples together (micro). Average precision is the sum of (R_n − R_{n−1})·P_n over
/// the samples in the order of their probability for the label, equal probabilities together;
/// its mean is over the labels that occur. It needs the outputs for all samples, and is left out if
/// these are more than 8 million numbers.
/// </remarks>
/// <param name="Samples">Samples that have each label.</param>
/// <param name="F1">Over all labels; NaN where there was none and none was answered.</param>
/// <param name="AveragePrecision">Of each label; NaN of a label that no sample has.</param>
internal sealed record LabelMeasures(
    IReadOnlyList<int> Samples, double F1, IReadOnlyList<double> AveragePrecision)
{
    /// <summary>Mean of <see cref="AveragePrecision"/> over the labels that occur.</summary>
    public double MeanAveragePrecision { get; } = Means.Finite(AveragePrecision);
}
