using RevUp.Tensors;

namespace RevUp.Data;

/// <summary>
/// CIFAR-10 and CIFAR-100, binary or python version: labels and 3 × 32 × 32 planar bytes an image,
/// held channels-last in memory.
/// </summary>
/// <remarks>
/// Source: Krizhevsky, Learning Multiple Layers of Features from Tiny Images (2009), and the page
/// named in <see cref="HowToGet"/>.
/// </remarks>
/// <example><code>
/// var train = CifarDataset.OpenCifar10("cifar-10-batches-bin", DatasetSplit.Train);
/// ReadOnlySpan&lt;byte&gt; pixels = train.Pixels(0); // 32 × 32 × 3
/// </code></example>
internal sealed class CifarDataset : MemoryDataset
{
    internal const string HowToGet =
        "The python and binary versions are at https://www.cs.toronto.edu/~kriz/cifar.html.";

    private const int Extent = 32;
    private const int Channels = 3;
    private const int Plane = Extent * Extent;

    private CifarDataset(byte[] pixels, byte[] labels, IReadOnlyList<string> classes)
        : base(pixels, labels, SampleShape, classes)
    {
    }

    internal static Shape SampleShape => new(1, Extent, Extent, Channels);

    /// <summary>
    /// Reads data_batch_1 to 5.bin or test_batch.bin, and batches.meta.txt with the names of the
    /// classes; or the same of the python version.
    /// </summary>
    /// <exception cref="DataFileException">A file is missing or damaged.</exception>
    public static CifarDataset OpenCifar10(string folder, DatasetSplit split)
    {
        string[] files = split == DatasetSplit.Train
            ? [.. Enumerable.Range(1, 5).Select(i => $"data_batch_{i}.bin")]
            : ["test_batch.bin"];
        string[] names = CifarBatch.ReadNames(folder, ["batches.meta.txt", "batches.meta"], "label_names", classes: 10);
        CifarBatch[] batches =
        [
            .. files.Select(file => CifarBatch.Read(Path.Combine(folder, file), labelBytes: 1, "labels", classes: 10)),
        ];
        return Open(batches, names);
    }

    /// <summary>
    /// Reads train.bin or test.bin, of the two labels of each image the fine one, and
    /// fine_label_names.txt; or the python version's files.
    /// </summary>
    /// <exception cref="DataFileException">A file is missing or damaged.</exception>
    public static CifarDataset OpenCifar100(string folder, DatasetSplit split)
    {
        string file = split == DatasetSplit.Train ? "train.bin" : "test.bin";
        string[] names = CifarBatch.ReadNames(
            folder, ["fine_label_names.txt", "meta"], "fine_label_names", classes: 100);
        return Open([CifarBatch.Read(Path.Combine(folder, file), labelBytes: 2, "fine_labels", classes: 100)], names);
    }

    private static CifarDataset Open(CifarBatch[] batches, string[] names)
    {
        byte[] labels = [.. batches.SelectMany(batch => batch.Labels)];
        byte[] pixels = new byte[labels.Length * Channels * Plane];
        int index = 0;
        foreach (CifarBatch batch in batches)
        {
            for (int i = 0; i < batch.Labels.Length; i++, index++)
            {
                Interleave(
                    batch.Planes.Span.Slice(i * Channels * Plane, Channels * Plane),
                    pixels.AsSpan(index * Channels * Plane));
            }
        }
        return new CifarDataset(pixels, labels, names);
    }

    private static void Interleave(ReadOnlySpan<byte> planes, Span<byte> pixels)
    {
        for (int i = 0; i < Plane; i++)
        {
            for (int channel = 0; channel < Channels; channel++)
            {
                pixels[i * Channels + channel] = planes[channel * Plane + i];
            }
        }
    }
}
