using RevUp.Tensors;

namespace RevUp.Data;

/// <summary>MNIST, Fashion-MNIST and their relatives: grey images of one size and a byte label each, in four IDX files.</summary>
/// <example><code>
/// var train = IdxDataset.Open(FashionMnist.DefaultFolder, DatasetSplit.Train, FashionMnist.ClassNames);
/// ReadOnlySpan&lt;byte&gt; pixels = train.Pixels(0); // 28 × 28 × 1
/// </code></example>
public sealed class IdxDataset : MemoryDataset
{
    private static readonly string[] Digits = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"];

    private IdxDataset(IdxFile images, IdxFile labels, IReadOnlyList<string> classes)
        : base(images.Elements, labels.Elements, new Shape(1, images.Shape[1], images.Shape[2], 1), classes)
    {
    }

    /// <summary>Reads one split of <paramref name="folder"/>: {train|t10k}-images-idx3-ubyte and -labels-idx1-ubyte, each as it is or with .gz.</summary>
    /// <param name="folder">The folder that holds the files.</param>
    /// <param name="split">Which pair of files.</param>
    /// <param name="classes">Names of the classes; by default the ten digits of MNIST.</param>
    /// <returns>The dataset, wholly in memory (N·H·W + N bytes).</returns>
    /// <exception cref="DataFileException">A file is missing or damaged, the two disagree on N, an image is empty, or a label has no class.</exception>
    public static IdxDataset Open(string folder, DatasetSplit split, IReadOnlyList<string>? classes = null)
    {
        classes ??= Digits;
        string prefix = split == DatasetSplit.Train ? "train" : "t10k";
        IdxFile images = IdxFile.Read(Find(folder, $"{prefix}-images-idx3-ubyte"), rank: 3);
        IdxFile labels = IdxFile.Read(Find(folder, $"{prefix}-labels-idx1-ubyte"), rank: 1);
        if (images.Shape[1] == 0 || images.Shape[2] == 0)
        {
            throw new DataFileException(images.Path, 8, $"the images are {images.Shape[1]} × {images.Shape[2]} pixels, expected at least 1 × 1.");
        }
        if (labels.Shape[0] != images.Shape[0])
        {
            throw new DataFileException(
                labels.Path,
                4,
                $"the file has {labels.Shape[0]} labels, expected {images.Shape[0]}, one for each image of {images.Path}; take both from the same dataset.");
        }
        int outside = labels.Elements.Span.IndexOfAnyExceptInRange((byte)0, (byte)Math.Min(classes.Count - 1, byte.MaxValue));
        if (outside >= 0)
        {
            throw new DataFileException(
                labels.Path,
                labels.HeaderLength + outside,
                $"label {outside} is {labels.Elements.Span[outside]}, expected 0 to {classes.Count - 1}; name all classes, or fetch the file again.");
        }
        return new IdxDataset(images, labels, classes);
    }

    private static string Find(string folder, string name)
    {
        string plain = Path.Combine(folder, name);
        string compressed = plain + ".gz";
        if (File.Exists(plain))
        {
            return plain;
        }
        return File.Exists(compressed)
            ? compressed
            : throw new DataFileException(plain, $"neither this file nor {name}.gz is there; give the folder of the four IDX files. {FashionMnist.HowToGet}");
    }
}
