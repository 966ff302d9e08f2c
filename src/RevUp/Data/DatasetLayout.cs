using RevUp.Data.Dense;
using RevUp.Data.Images;

namespace RevUp.Data;

/// <summary>Tells what a folder holds by the names of its files and folders.</summary>
internal static class DatasetLayout
{
    // The order in which they are looked for; a folder with anything else has images in folders.
    // Shards come before all.
    private static readonly (string File, DatasetKind Kind)[] s_signs =
    [
        ("fine_label_names.txt", DatasetKind.Cifar100),
        ("batches.meta.txt", DatasetKind.Cifar10),
        ("batches.meta", DatasetKind.Cifar10),
        ("train.csv", DatasetKind.Volumes),
    ];

    /// <summary>The kind of the files in a folder.</summary>
    /// <exception cref="DataFileException">There is no such folder, or it cannot be
    /// listed.</exception>
    public static DatasetKind Recognize(string folder)
    {
        if (!Directory.Exists(folder))
        {
            return Path.GetDirectoryName(Path.GetFullPath(folder)) is { } parent && IdxFolder.Holds(
                parent, Path.GetFileName(folder))
                ? DatasetKind.Mnist
                : throw new DataFileException(folder, "there is no such folder; name the one with the data.");
        }
        try
        {
            if (File.Exists(PreparedFolder.PathIn(folder)) || SegmentationFolder.Is(folder))
            {
                return DatasetKind.SegmentationFolder;
            }
            if (MaskFolder.Find(folder, DatasetSplit.Train) is not null)
            {
                return DatasetKind.MaskFolder;
            }
            string files = Parts(folder)[0].Folder;
            if (ShardFile.List(files).Length > 0)
            {
                return DatasetKind.WebDataset;
            }
            foreach ((string file, DatasetKind kind) in s_signs)
            {
                if (File.Exists(Path.Combine(files, file)))
                {
                    return kind;
                }
            }
            if (File.Exists(Path.Combine(files, "meta")) && File.Exists(Path.Combine(files, "train")))
            {
                return DatasetKind.Cifar100;
            }
            // The files of the two do not differ but in what they show.
            bool fashion = Path.GetFullPath(folder).TrimEnd('/') == FashionMnist.DefaultFolder;
            return !IdxFolder.Holds(files, "") ? DatasetKind.ImageFolder
                : fashion ? DatasetKind.FashionMnist
                : DatasetKind.Mnist;
        }
        catch (Exception exception) when (
            exception is UnauthorizedAccessException or IOException)
        {
            throw new DataFileException(
                folder, $"the folder cannot be listed ({exception.Message}) Name the one with the data.", exception);
        }
    }

    /// <summary>
    /// The parts of a dataset of images in folders or shards: training set, validation set, test
    /// set and others that there are; or the folder itself.
    /// </summary>
    internal static IReadOnlyList<(string Name, string Folder)> Parts(string folder)
    {
        string? train = SplitFolder.TryFind(folder, DatasetSplit.Train);
        (string Name, string Folder)[] others = train is null ? [] : [.. SplitFolder.Others(folder)];
        // A class may be called "train", too.
        if (train is null
            || (others.Length == 0 && FolderEntries.List(folder).Any(entry => entry.IsFolder && !IsPart(entry.Name))))
        {
            return [("", folder)];
        }
        return [("train", train), .. others];
    }

    private static bool IsPart(string name) => FileNames.IsHidden(name) || SplitFolder.IsPart(name);
}
