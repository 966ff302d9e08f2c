using RevUp.Tensors;

namespace RevUp.Data;

/// <summary>
/// Content of a folder. Where images and volumes have files of their own, only headers are read.
/// </summary>
/// <param name="Kind">The kind, as a recipe's data.dataset names it.</param>
/// <param name="Parts">
/// The training set and the test set, or the one part that the folder is.
/// </param>
internal sealed record DatasetSummary(DatasetKind Kind, IReadOnlyList<DatasetPart> Parts)
{
    /// <summary>The kinds that are files in a folder.</summary>
    public static IReadOnlyList<DatasetKind> Kinds { get; } =
    [
        DatasetKind.FashionMnist, DatasetKind.Mnist, DatasetKind.Cifar10, DatasetKind.Cifar100, DatasetKind.ImageFolder,
        DatasetKind.WebDataset,
        DatasetKind.Volumes,
        DatasetKind.SegmentationFolder,
        DatasetKind.MaskFolder,
    ];

    /// <summary>Opens a folder and counts.</summary>
    /// <param name="folder">The whole dataset; of encoded images also one of its parts.</param>
    /// <param name="kind">Kind of its content; null to tell by its files.</param>
    /// <exception cref="DataFileException">A file is missing or damaged.</exception>
    /// <exception cref="ConfigurationException">The kind is not one of files.</exception>
    public static DatasetSummary Read(string folder, DatasetKind? kind = null)
    {
        DatasetKind known = kind ?? DatasetLayout.Recognize(folder);
        List<DatasetPart> parts = [];
        foreach (DataPart part in DataPart.Open(folder, known))
        {
            using (part)
            {
                parts.Add(Count(part));
            }
        }
        return new DatasetSummary(known, parts);
    }

    private static DatasetPart Count(DataPart part)
    {
        ImageDataset dataset = part.Dataset;
        int[] counts = new int[dataset.Classes.Count];
        for (int index = 0; index < dataset.Count; index++)
        {
            counts[dataset.Label(index)]++;
        }
        SampleCount[] classes = [.. dataset.Classes.Select((label, i) => new SampleCount(label, counts[i]))];
        return new DatasetPart(part.Name, dataset.Count, classes, part.Sizes(), dataset.Findings);
    }
}
