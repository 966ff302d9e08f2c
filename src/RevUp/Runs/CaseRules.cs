using RevUp.Data.Dense;

namespace RevUp.Runs;

/// <summary>
/// Facts of the training data that the files of new cases need, in a model's file.
/// </summary>
/// <param name="Preparation">
/// Rules for the values and the spacing of volumes; null where cases were used as they are, such as
/// pictures.
/// </param>
/// <param name="LabelValues">
/// Number of each class in label maps, in the order of the classes; empty for 0 to K − 1.
/// </param>
internal sealed record CaseRules(DensePreparation? Preparation, IReadOnlyList<int> LabelValues)
{
    /// <summary>The rules of a dataset; null where it has none.</summary>
    public static CaseRules? Of(DenseDataset data) => data.Preparation is null && data.LabelValues.Count == 0
        ? null
        : new CaseRules(data.Preparation, data.LabelValues);
}
