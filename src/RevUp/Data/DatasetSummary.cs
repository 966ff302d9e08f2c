using RevUp.Data.Images;
using RevUp.Data.Volumes;
using RevUp.Tensors;

namespace RevUp.Data;

/// <summary>What a folder holds: of images and volumes in files of their own only headers are read.</summary>
/// <param name="Kind">The kind, as a recipe's data.dataset names it.</param>
/// <param name="Parts">The training set and the test set, or the one part that the folder is.</param>
public sealed record DatasetSummary(DatasetKind Kind, IReadOnlyList<DatasetPart> Parts)
{
    // The order in which they are looked for; folders with anything else are images in folders.
    private static readonly (string Pattern, DatasetKind Kind)[] s_signs =
    [
        ("*.tar", DatasetKind.WebDataset),
        ("*-idx3-ubyte*", DatasetKind.Mnist),
        ("fine_label_names.txt", DatasetKind.Cifar100),
        ("batches.meta.txt", DatasetKind.Cifar10),
        ("train.csv", DatasetKind.Volumes),
    ];

    /// <summary>The kinds that are files in a folder.</summary>
    public static IReadOnlyList<DatasetKind> Kinds { get; } =
    [
        DatasetKind.FashionMnist, DatasetKind.Mnist, DatasetKind.Cifar10, DatasetKind.Cifar100, DatasetKind.ImageFolder, DatasetKind.WebDataset,
        DatasetKind.Volumes,
    ];

    // Of no influence on what is read here.
    private static readonly Shape s_anyVolume = new(1, 1, 1, 1, 1);

    /// <summary>Opens a folder and counts.</summary>
    /// <param name="folder">That of the whole dataset; of encoded images also one of its parts.</param>
    /// <param name="kind">What it holds; null to tell by its files.</param>
    /// <exception cref="DataFileException">A file is missing or damaged.</exception>
    /// <exception cref="ConfigurationException">The kind is not one of files.</exception>
    public static DatasetSummary Read(string folder, DatasetKind? kind = null)
    {
        DatasetKind known = kind ?? Recognize(folder);
        return new DatasetSummary(known, known switch
        {
            DatasetKind.ImageFolder => Encoded(folder, ImageFolder.Open, ImageFolder.Open),
            DatasetKind.WebDataset => Encoded(folder, WebDataset.Open, WebDataset.Open),
            DatasetKind.FashionMnist => Both(split => IdxDataset.Open(folder, split, FashionMnist.ClassNames), OneSize),
            DatasetKind.Mnist => Both(split => IdxDataset.Open(folder, split), OneSize),
            DatasetKind.Cifar10 => Both(split => CifarDataset.OpenCifar10(folder, split), OneSize),
            DatasetKind.Cifar100 => Both(split => CifarDataset.OpenCifar100(folder, split), OneSize),
            DatasetKind.Volumes => Both(split => VolumeDataset.Open(folder, split, s_anyVolume), volumes => volumes.Sizes()),
            _ => throw new ConfigurationException($"the kind '{known}' is not one of files; name another, or leave it out to tell by the folder's files"),
        });
    }

    /// <summary>The kind of the files in a folder.</summary>
    /// <exception cref="DataFileException">There is no such folder, or it cannot be listed.</exception>
    internal static DatasetKind Recognize(string folder)
    {
        if (!Directory.Exists(folder))
        {
            throw new DataFileException(folder, "there is no such folder; name the one with the data.");
        }
        try
        {
            string files = HasParts(folder) ? SplitFolder.Find(folder, DatasetSplit.Train) : folder;
            DatasetKind kind = s_signs.Where(sign => Directory.EnumerateFiles(files, sign.Pattern).Any()).Select(sign => sign.Kind)
                .FirstOrDefault(DatasetKind.ImageFolder);
            // The files of the two do not differ but in what they show.
            return kind == DatasetKind.Mnist && Path.GetFullPath(folder).TrimEnd('/') == FashionMnist.DefaultFolder ? DatasetKind.FashionMnist : kind;
        }
        catch (Exception exception) when (exception is UnauthorizedAccessException or (IOException and not DataFileException))
        {
            throw new DataFileException(folder, $"the folder cannot be listed ({exception.Message}) Name the one with the data.", exception);
        }
    }

    /// <summary>Whether the folder has one for the training set and one for the test set.</summary>
    internal static bool HasParts(string folder) =>
        SplitFolder.TryFind(folder, DatasetSplit.Train) is not null && SplitFolder.TryFind(folder, DatasetSplit.Test) is not null;

    private static DatasetPart[] Encoded(
        string folder, Func<string, DatasetSplit, Shape, EncodedDataset> openSplit, Func<string, Shape, EncodedDataset> open)
    {
        if (HasParts(folder))
        {
            return Both(split => openSplit(folder, split, ImageSets.Sample), ImageSets.Sizes);
        }
        using EncodedDataset images = open(folder, ImageSets.Sample);
        return [Count("", images, ImageSets.Sizes(images))];
    }

    private static DatasetPart[] Both<T>(Func<DatasetSplit, T> open, Func<T, IReadOnlyList<SampleCount>> sizes) where T : ImageDataset
    {
        using T train = open(DatasetSplit.Train), test = open(DatasetSplit.Test);
        return [Count("train", train, sizes(train)), Count("test", test, sizes(test))];
    }

    private static DatasetPart Count(string name, ImageDataset dataset, IReadOnlyList<SampleCount> sizes)
    {
        int[] counts = new int[dataset.Classes.Count];
        for (int index = 0; index < dataset.Count; index++)
        {
            counts[dataset.Label(index)]++;
        }
        return new DatasetPart(name, dataset.Count, [.. dataset.Classes.Select((label, i) => new SampleCount(label, counts[i]))], sizes);
    }

    private static SampleCount[] OneSize(ImageDataset dataset) =>
        [new SampleCount(string.Join(" × ", Enumerable.Range(1, dataset.Sample.Rank - 1).Select(axis => dataset.Sample[axis])), dataset.Count)];
}
