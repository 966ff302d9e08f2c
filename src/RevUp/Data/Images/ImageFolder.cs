using Microsoft.Win32.SafeHandles;
using RevUp.Tensors;

namespace RevUp.Data.Images;

/// <summary>Images in a folder for each class, CLASS/FILE, as ImageNet unpacks. Only names and labels are kept in memory.</summary>
/// <remarks>Opening a file costs a handle and its path on the managed heap; <see cref="WebDataset"/> costs nothing per sample.</remarks>
/// <example><code>
/// using var train = ImageFolder.Open("imagenet", DatasetSplit.Train, new Shape(1, 224, 224, 3)); // imagenet/train/n01440764/*.JPEG
/// </code></example>
public sealed class ImageFolder : EncodedDataset
{
    private static readonly string[] s_extensions = [".jpg", ".jpeg", ".png"];

    private readonly string _folder;
    private readonly string[] _files; // CLASS/FILE, sorted
    private readonly int[] _labels;

    private ImageFolder(string folder, string[] files, IReadOnlyList<string> classes, Shape sample)
        : base(sample)
    {
        (_folder, _files, Classes) = (folder, files, classes);
        _labels = ClassNames.Labels(files.Select(file => Path.GetDirectoryName(file)!), classes, Name);
    }

    /// <inheritdoc/>
    public override int Count => _files.Length;

    /// <summary>Names of the folders, sorted by their characters, or by value when all are numbers.</summary>
    public override IReadOnlyList<string> Classes { get; }

    /// <summary>Lists one part of a dataset: train/CLASS/FILE, or test/CLASS/FILE (also val or validation), with the classes of the former.</summary>
    /// <param name="root">The folder with both parts.</param>
    /// <param name="split">Which part.</param>
    /// <param name="sample">[1, H, W, C], to which images are scaled.</param>
    /// <exception cref="DataFileException">A folder is missing or empty, or the test set has a class that the training set has not.</exception>
    /// <exception cref="ConfigurationException">The sample is not an image of 1 or 3 channels.</exception>
    public static ImageFolder Open(string root, DatasetSplit split, Shape sample)
    {
        string train = SplitFolder.Find(root, DatasetSplit.Train);
        string[] classes = ClassFolders(train);
        string folder = SplitFolder.Find(root, split);
        return new ImageFolder(folder, List(folder), classes, sample);
    }

    /// <summary>Lists one folder of CLASS/FILE that is a dataset of its own.</summary>
    /// <inheritdoc cref="Open(string, DatasetSplit, Shape)"/>
    public static ImageFolder Open(string folder, Shape sample) => new(folder, List(folder), ClassFolders(folder), sample);

    /// <inheritdoc/>
    public override int Label(int index) => _labels[index];

    /// <inheritdoc/>
    public override string Name(int index) => Path.Combine(_folder, _files[index]);

    /// <inheritdoc/>
    public override int Load(int index, ref byte[] buffer)
    {
        string path = Name(index);
        try
        {
            using SafeFileHandle file = File.OpenHandle(path);
            return Read(file, 0, RandomAccess.GetLength(file), path, ref buffer);
        }
        catch (Exception exception) when (exception is UnauthorizedAccessException or (IOException and not DataFileException))
        {
            throw new DataFileException(path, $"the image cannot be read: {exception.Message}", exception);
        }
    }

    internal override string FileName(int index) => Path.GetFileName(_files[index]);

    private static string[] ClassFolders(string folder) =>
        ClassNames.Sort(Read(folder, () => Directory.EnumerateDirectories(folder).Select(path => Path.GetFileName(path))));

    private static string[] List(string folder)
    {
        string[] files = Read(folder, () => Directory.EnumerateDirectories(folder).SelectMany(path => Directory.EnumerateFiles(path))
            .Where(path => s_extensions.Contains(Path.GetExtension(path), StringComparer.OrdinalIgnoreCase))
            .Select(path => Path.GetRelativePath(folder, path)));
        Array.Sort(files, string.CompareOrdinal); // the system lists them in any order
        return files.Length > 0
            ? files
            : throw new DataFileException(folder, $"there is no image ({string.Join(", ", s_extensions)}) in its folders; it has to hold CLASS/FILE.");
    }

    private static string[] Read(string folder, Func<IEnumerable<string>> list)
    {
        try
        {
            return [.. list()];
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new DataFileException(folder, $"the folder cannot be listed ({exception.Message}) Check the path and its permissions.", exception);
        }
    }
}
