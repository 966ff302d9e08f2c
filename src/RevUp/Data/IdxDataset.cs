using RevUp.Tensors;

namespace RevUp.Data;

/// <summary>
/// MNIST, Fashion-MNIST and their relatives: grey images of one size and a byte label each, in four
/// IDX files.
/// </summary>
/// <example><code>
/// var train = IdxDataset.Open(
///     FashionMnist.DefaultFolder, DatasetSplit.Train, FashionMnist.ClassNames);
/// ReadOnlySpan&lt;byte&gt; pixels = train.Pixels(0); // 28 × 28 × 1
/// </code></example>
internal sealed class IdxDataset : MemoryDataset
{
    private const int Digits = 10;

    private IdxDataset(IdxFile images, ReadOnlyMemory<byte> labels, IReadOnlyList<string> classes)
        : base(images.Elements, labels, new Shape(1, images.Shape[1], images.Shape[2], 1), classes)
    {
    }

    /// <summary>
    /// Reads one split of <paramref name="folder"/>: {train|t10k}-images-idx3-ubyte and
    /// -labels-idx1-ubyte, compressed or not.
    /// </summary>
    /// <remarks>
    /// Dots may be in place of the dashes, and a prefix in front. EMNIST's PREFIX-mapping.txt names
    /// the classes.
    /// </remarks>
    /// <param name="folder">The folder that holds the files; or FOLDER/PREFIX where it holds
    /// several datasets.</param>
    /// <param name="split">Which pair of files.</param>
    /// <param name="names">Names of the classes; by default the mapping's names, or else
    /// numbers.</param>
    /// <param name="classes">How many classes there are where nothing names them; by default the
    /// ten digits.</param>
    /// <returns>The dataset, wholly in memory (N·H·W + N bytes).</returns>
    /// <exception cref="DataFileException">A file is missing or damaged, the two disagree on N,
    /// there is no image, or a label has no class.</exception>
    public static IdxDataset Open(
        string folder, DatasetSplit split, IReadOnlyList<string>? names = null, int? classes = null)
    {
        (string imagesPath, string labelsPath, string? mappingPath) = IdxFolder.Find(folder, split);
        IdxFile images = IdxFile.Read(imagesPath, rank: 3);
        IdxFile labels = IdxFile.Read(labelsPath, rank: 1);
        DataFileException.Require(images.Shape[0] > 0, images.Path, 4, $"the file has no image; fetch it again.");
        DataFileException.Require(
            images.Shape[1] > 0 && images.Shape[2] > 0, images.Path, 8,
            $"the images are {images.Shape[1]} × {images.Shape[2]} pixels, expected at least 1 × 1.");
        DataFileException.Require(
            labels.Shape[0] == images.Shape[0], labels.Path, 4,
            $"the file has {labels.Shape[0]} labels, expected {images.Shape[0]}, one for each image of "
            + $"{images.Path}; take both from the same dataset.");
        SortedDictionary<byte, string>? mapping = names is null && mappingPath is not null
            ? IdxMapping.Read(mappingPath)
            : null;
        byte[] values = mapping is null
            ? Numbered(Math.Min(names?.Count ?? classes ?? Digits, byte.MaxValue + 1))
            : [.. mapping.Keys];
        byte[] places = Places(labels, values, mappingPath ?? "data.classes");
        return new IdxDataset(
            images,
            places,
            names ?? mapping?.Values.ToArray()
                ?? [.. values.Select(value => value.ToString(CultureInfo.InvariantCulture))]);
    }

    /// <summary>
    /// Number of classes by the labels of both parts, ten at the least; or by EMNIST's mapping.
    /// </summary>
    /// <exception cref="DataFileException">A file is missing or damaged.</exception>
    internal static int CountClasses(string folder) =>
        Math.Max(
            Digits, 1 + Math.Max(LargestLabel(folder, DatasetSplit.Train), LargestLabel(folder, DatasetSplit.Test)));

    private static int LargestLabel(string folder, DatasetSplit split)
    {
        int largest = 0;
        foreach (byte label in IdxFile.Read(IdxFolder.Find(folder, split).Labels, rank: 1).Elements.Span)
        {
            largest = Math.Max(largest, label);
        }
        return largest;
    }

    private static byte[] Numbered(int count) => [.. Enumerable.Range(0, count).Select(value => (byte)value)];

    // The place of every label among the values that have a class.
    private static byte[] Places(IdxFile labels, byte[] values, string origin)
    {
        Span<short> places = stackalloc short[byte.MaxValue + 1];
        places.Fill(-1);
        for (int i = 0; i < values.Length; i++)
        {
            places[values[i]] = (short)i;
        }
        byte[] result = new byte[labels.Elements.Length];
        for (int i = 0; i < result.Length; i++)
        {
            byte label = labels.Elements.Span[i];
            DataFileException.Require(
                places[label] >= 0, labels.Path, labels.HeaderLength + i,
                $"label {i} is {label}, expected {values[0]} to {values[^1]}, and the largest label of the file is "
                + $"{labels.Elements.Span.ToArray().Max()}; name all classes ({origin}), or fetch the file again.");
            result[i] = (byte)places[label];
        }
        return result;
    }
}
