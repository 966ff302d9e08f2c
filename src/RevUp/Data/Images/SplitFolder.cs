namespace RevUp.Data.Images;

/// <summary>Where the parts of a dataset are in its folder.</summary>
internal static class SplitFolder
{
    private static readonly string[] s_train = ["train", "training"];
    private static readonly string[] s_test = ["test", "testing"];
    private static readonly string[] s_validation = ["val", "validation", "valid"];
    private static readonly string[] s_others = [.. s_test, .. s_validation];

    /// <summary>
    /// The first folder there is of "train" and its like, "test" and its like, or "val" and its
    /// like, in any case; null when there is none.
    /// </summary>
    /// <remarks>A folder "test" without labels, as Tiny ImageNet has one, is passed over.</remarks>
    public static string? TryFind(string root, DatasetSplit split)
    {
        if (!Directory.Exists(root))
        {
            return null;
        }
        string[] folders = Directory.GetDirectories(root);
        Array.Sort(folders, string.CompareOrdinal);
        return Names(split).SelectMany(
            name => folders.Where(path => name.Equals(Path.GetFileName(path), StringComparison.OrdinalIgnoreCase)))
            .Where(path => split == DatasetSplit.Train || !FlatLabels.IsUnlabelled(root, path)).FirstOrDefault();
    }

    /// <inheritdoc cref="TryFind"/>
    /// <exception cref="DataFileException">There is none.</exception>
    public static string Find(string root, DatasetSplit split)
    {
        if (TryFind(root, split) is { } folder)
        {
            return folder;
        }
        string names = split == DatasetSplit.Train ? $"'{s_train[0]}'" : string.Join(
            " or ", s_others.Select(name => $"'{name}'"));
        throw new DataFileException(root, Directory.Exists(root)
            ? $"there is no folder {names} in it; name the folder that holds both parts of the data."
            : "there is no such folder; name the one with the data.");
    }

    /// <summary>
    /// The folders of labelled samples beside the training set: the validation part, the test part,
    /// then others whose names stand for a part that there is already.
    /// </summary>
    public static IEnumerable<(string Name, string Folder)> Others(string root)
    {
        DatasetSplit[] splits = [DatasetSplit.Validation, DatasetSplit.Test];
        (string, string)[] parts = [.. splits.Select(split => (split.Text(), TryFind(root, split)))
            .Where(part => part.Item2 is not null).Select(part => (part.Item1, part.Item2!))];
        return parts.Concat(Directory.GetDirectories(root).Order(StringComparer.Ordinal)
            .Where(path => s_others.Contains(Path.GetFileName(path), StringComparer.OrdinalIgnoreCase))
            .Where(path => parts.All(part => part.Item2 != path) && !FlatLabels.IsUnlabelled(root, path))
            .Select(path => (Path.GetFileName(path), path)));
    }

    /// <summary>Whether a folder's name is one of a part of a dataset.</summary>
    public static bool IsPart(string name) => s_train.Concat(s_others).Contains(name, StringComparer.OrdinalIgnoreCase);

    /// <summary>
    /// The folder of the dataset whose part this folder is by its name; null when it is none.
    /// </summary>
    public static string? WholeOf(string folder)
    {
        string full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder));
        return IsPart(Path.GetFileName(full)) ? Path.GetDirectoryName(full) : null;
    }

    /// <summary>Names of the folder of a part.</summary>
    internal static string[] Names(DatasetSplit split) => split switch
    {
        DatasetSplit.Train => s_train,
        DatasetSplit.Validation => s_validation,
        _ => s_test,
    };
}
