namespace RevUp.Data;

/// <summary>The names of the parts.</summary>
internal static class DatasetSplits
{
    /// <summary>"train", "validation" or "test".</summary>
    public static string Text(this DatasetSplit split) => split switch
    {
        DatasetSplit.Train => "train",
        DatasetSplit.Validation => "validation",
        _ => "test",
    };

    /// <summary>The part of a name that <see cref="Text"/> gives.</summary>
    /// <exception cref="FormatException">It is none of them.</exception>
    public static DatasetSplit Parse(string text) =>
        Enum.GetValues<DatasetSplit>().Cast<DatasetSplit?>().FirstOrDefault(split => split!.Value.Text() == text)
        ?? throw new FormatException($"'{text}' is not a part of a dataset; use train, validation or test.");
}
