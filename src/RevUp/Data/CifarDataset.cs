using RevUp.Tensors;

namespace RevUp.Data;

/// <summary>CIFAR-10 and CIFAR-100 in their binary version: label bytes and 3 × 32 × 32 planar bytes an image, held channels-last in memory.</summary>
/// <remarks>Source: Krizhevsky, Learning Multiple Layers of Features from Tiny Images (2009), and the page named in <see cref="HowToGet"/>.</remarks>
/// <example><code>
/// var train = CifarDataset.OpenCifar10("cifar-10-batches-bin", DatasetSplit.Train);
/// ReadOnlySpan&lt;byte&gt; pixels = train.Pixels(0); // 32 × 32 × 3
/// </code></example>
public sealed class CifarDataset : MemoryDataset
{
    internal const string HowToGet = "The binary versions are at https://www.cs.toronto.edu/~kriz/cifar.html.";

    private const int Extent = 32;
    private const int Channels = 3;
    private const int Plane = Extent * Extent;

    private CifarDataset(byte[] pixels, byte[] labels, IReadOnlyList<string> classes)
        : base(pixels, labels, SampleShape, classes)
    {
    }

    internal static Shape SampleShape => new(1, Extent, Extent, Channels);

    /// <summary>Reads data_batch_1 to 5.bin or test_batch.bin, and batches.meta.txt with the names of the classes.</summary>
    /// <exception cref="DataFileException">A file is missing or damaged.</exception>
    public static CifarDataset OpenCifar10(string folder, DatasetSplit split)
    {
        string[] files = split == DatasetSplit.Train ? [.. Enumerable.Range(1, 5).Select(i => $"data_batch_{i}.bin")] : ["test_batch.bin"];
        return Open(folder, files, labelBytes: 1, "batches.meta.txt", classes: 10);
    }

    /// <summary>Reads train.bin or test.bin, of the two labels of each image the fine one, and fine_label_names.txt.</summary>
    /// <exception cref="DataFileException">A file is missing or damaged.</exception>
    public static CifarDataset OpenCifar100(string folder, DatasetSplit split) =>
        Open(folder, [split == DatasetSplit.Train ? "train.bin" : "test.bin"], labelBytes: 2, "fine_label_names.txt", classes: 100);

    private static CifarDataset Open(string folder, string[] files, int labelBytes, string namesFile, int classes)
    {
        string[] names = ReadNames(Path.Combine(folder, namesFile), classes);
        byte[][] contents = [.. files.Select(file => ReadFile(Path.Combine(folder, file), labelBytes + Channels * Plane))];
        int record = labelBytes + Channels * Plane, count = contents.Sum(content => content.Length / record), index = 0;
        byte[] pixels = new byte[count * Channels * Plane];
        byte[] labels = new byte[count];
        for (int file = 0; file < files.Length; file++)
        {
            for (int start = 0; start < contents[file].Length; start += record, index++)
            {
                int labelAt = start + labelBytes - 1;
                labels[index] = contents[file][labelAt];
                if (labels[index] >= classes)
                {
                    string problem = $"the label is {labels[index]}, expected 0 to {classes - 1}; fetch the file again. {HowToGet}";
                    throw new DataFileException(Path.Combine(folder, files[file]), labelAt, problem);
                }
                Interleave(contents[file].AsSpan(labelAt + 1, Channels * Plane), pixels.AsSpan(index * Channels * Plane, Channels * Plane));
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

    private static byte[] ReadFile(string path, int record)
    {
        byte[] content = ReadAll(path, File.ReadAllBytes);
        return content.Length > 0 && content.Length % record == 0
            ? content
            : throw new DataFileException(path, $"it has {content.Length} bytes, expected a multiple of {record}; fetch it again. {HowToGet}");
    }

    private static string[] ReadNames(string path, int classes)
    {
        string[] names = [.. ReadAll(path, File.ReadAllLines).Where(line => line.Length > 0)];
        return names.Length == classes
            ? names
            : throw new DataFileException(path, $"it names {names.Length} classes, expected {classes}; fetch it again. {HowToGet}");
    }

    private static T ReadAll<T>(string path, Func<string, T> read)
    {
        try
        {
            return read(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new DataFileException(path, $"the file cannot be read ({exception.Message}) Give the folder of the extracted archive. {HowToGet}", exception);
        }
    }
}
