using RevUp.Data.Images;
using RevUp.Data.Volumes;
using RevUp.Tensors;

namespace RevUp.Data;

/// <summary>One part of a dataset in files, open.</summary>
/// <param name="Name">
/// "train", "validation" or "test", or the folder's name; empty where the folder is no more than
/// one part.
/// </param>
/// <param name="Folder">Where its files are.</param>
/// <param name="Dataset">
/// Its samples, in a shape of no meaning where images have sizes of their own.
/// </param>
internal sealed record DataPart(string Name, string Folder, ImageDataset Dataset) : IDisposable
{
    /// <summary>
    /// Opens every part of the dataset in a folder, with the classes of the training set, to look
    /// at it.
    /// </summary>
    /// <param name="folder">The whole dataset, or one part of images in folders or shards.</param>
    /// <param name="kind">Its content, as <see cref="DatasetLayout.Recognize"/> tells.</param>
    /// <exception cref="DataFileException">A file is missing or damaged.</exception>
    /// <exception cref="ConfigurationException">The kind is not one of files.</exception>
    public static IReadOnlyList<DataPart> Open(string folder, DatasetKind kind) => kind switch
    {
        DatasetKind.ImageFolder => Encoded(folder, part => ImageFolder.Open(part, ImageSets.Sample)),
        DatasetKind.WebDataset => Encoded(folder, part => WebDataset.Open(part, ImageSets.Sample)),
        DatasetKind.FashionMnist => Both(folder, split => IdxDataset.Open(folder, split, FashionMnist.ClassNames)),
        DatasetKind.Mnist => Idx(folder),
        DatasetKind.Cifar10 => Both(folder, split => CifarDataset.OpenCifar10(folder, split)),
        DatasetKind.Cifar100 => Both(folder, split => CifarDataset.OpenCifar100(folder, split)),
        DatasetKind.Volumes => OpenAll(
            [.. VolumeDataset.Parts(folder).Select(split => (split.Text(), folder, split))],
            (_, split) => VolumeDataset.OpenAny(folder, split)),
        _ => throw new ConfigurationException(
            $"the kind '{kind}' is not one of files; name another, or leave it out to tell by the folder's files"),
    };

    /// <summary>
    /// How many samples have each size; of images with sizes of their own, by the shorter side.
    /// </summary>
    public IReadOnlyList<SampleCount> Sizes() => Dataset switch
    {
        EncodedDataset images => ImageSets.Sizes(images),
        VolumeDataset volumes => volumes.Sizes(),
        _ => [new SampleCount(OneSize(Dataset.Sample), Dataset.Count)],
    };

    private static string OneSize(Tensors.Shape sample) =>
        string.Join(" × ", Enumerable.Range(1, sample.Rank - 1).Select(axis => sample[axis]));

    /// <summary>Closes its files.</summary>
    public void Dispose() => Dataset.Dispose();

    private static DataPart[] Idx(string folder)
    {
        int classes = IdxDataset.CountClasses(folder);
        return Both(folder, split => IdxDataset.Open(folder, split, classes: classes));
    }

    private static DataPart[] Both(string folder, Func<DatasetSplit, ImageDataset> open) =>
        OpenAll(
            [("train", folder, DatasetSplit.Train), ("test", folder, DatasetSplit.Test)], (_, split) => open(split));

    private static DataPart[] Encoded(string folder, Func<string, ImageDataset> open)
    {
        (string, string, DatasetSplit)[] parts = [.. DatasetLayout.Parts(folder)
            .Select(part => (part.Name, part.Folder, DatasetSplit.Train))];
        return OpenAll(parts, (part, _) => open(part));
    }

    private static DataPart[] OpenAll(
        (string Name, string Folder, DatasetSplit Split)[] parts, Func<string, DatasetSplit, ImageDataset> open)
    {
        List<DataPart> opened = [];
        try
        {
            foreach ((string name, string folder, DatasetSplit split) in parts)
            {
                opened.Add(new DataPart(name, folder, open(folder, split)));
            }
            return [.. opened];
        }
        catch
        {
            opened.ForEach(part => part.Dispose());
            throw;
        }
    }
}
