namespace RevUp.Data.Images;

/// <summary>Where the two parts of a dataset are in its folder.</summary>
internal static class SplitFolder
{
    private static readonly string[] s_test = ["test", "val", "validation"];

    /// <summary>The folder "train", or the first there is of "test", "val" and "validation"; null when there is none.</summary>
    public static string? TryFind(string root, DatasetSplit split) =>
        Names(split).Select(name => Path.Combine(root, name)).FirstOrDefault(Directory.Exists);

    /// <inheritdoc cref="TryFind"/>
    /// <exception cref="DataFileException">There is none.</exception>
    public static string Find(string root, DatasetSplit split) => TryFind(root, split) ?? throw new DataFileException(
        root, $"there is no folder {string.Join(" or ", Names(split).Select(name => $"'{name}'"))} in it; name the folder that holds both parts of the data.");

    private static string[] Names(DatasetSplit split) => split == DatasetSplit.Train ? ["train"] : s_test;
}
