using Microsoft.Win32.SafeHandles;
using RevUp.Interop.Posix;
using RevUp.Tensors;

namespace RevUp.Data.Images;

/// <summary>
/// Images in a folder for each class, CLASS/FILE. Only names and labels are kept in memory.
/// </summary>
/// <remarks>
/// Hidden files and folders are skipped; <see cref="Findings"/> counts them, and names what a
/// sample may be lost by: classes without an image, other formats, deeper folders. Tiny ImageNet's
/// CLASS/images/FILE and val_annotations.txt are read as well. Opening a file costs a handle and
/// its path on the managed heap; <see cref="WebDataset"/> costs nothing per sample.
/// </remarks>
/// <example><code>
/// // imagenet/train/n01440764/*.JPEG
/// using var train = ImageFolder.Open("imagenet", DatasetSplit.Train, new Shape(1, 224, 224, 3));
/// </code></example>
internal sealed class ImageFolder : EncodedDataset
{
    private readonly string _folder;
    private readonly string[] _files; // CLASS/FILE, sorted
    private readonly int[] _labels;

    private ImageFolder(string folder, FolderListing listing, IReadOnlyList<string> classes, Shape sample)
        : base(sample)
    {
        (_folder, _files, Findings, Classes) = (folder, listing.RequireImages(folder).Files, listing.Findings, classes);
        _labels = ClassNames.Labels(listing.ClassOf, classes, Name);
    }

    public override int Count => _files.Length;

    /// <summary>
    /// Names of the folders, sorted by their characters, or by value when all are numbers.
    /// </summary>
    public override IReadOnlyList<string> Classes { get; }

    internal override IReadOnlyList<DataFinding> Findings { get; }

    /// <summary>
    /// Lists one part of a dataset: train/CLASS/FILE, or test/CLASS/FILE (also val or validation),
    /// with the classes of the former.
    /// </summary>
    /// <param name="root">The folder with both parts.</param>
    /// <param name="split">Which part.</param>
    /// <param name="sample">[1, H, W, C], to which images are scaled.</param>
    /// <exception cref="DataFileException">
    /// A folder is missing or empty, or the test set has a class that the training set has not.
    /// </exception>
    /// <exception cref="ConfigurationException">
    /// The sample is not an image of 1 or 3 channels.
    /// </exception>
    public static ImageFolder Open(string root, DatasetSplit split, Shape sample)
    {
        string train = SplitFolder.Find(root, DatasetSplit.Train);
        FolderListing listing = FolderListing.Read(train);
        string folder = SplitFolder.Find(root, split);
        return new ImageFolder(folder, folder == train ? listing : FolderListing.Read(folder), listing.Classes, sample);
    }

    /// <summary>
    /// Lists one folder of CLASS/FILE. A part of a dataset, by its name, has the classes of the
    /// dataset's training set.
    /// </summary>
    /// <inheritdoc cref="Open(string, DatasetSplit, Shape)"/>
    public static ImageFolder Open(string folder, Shape sample)
    {
        FolderListing listing = FolderListing.Read(folder);
        string? train = SplitFolder.WholeOf(folder) is { } whole
            ? SplitFolder.TryFind(whole, DatasetSplit.Train)
            : null;
        string[] classes = train is null || Path.GetFullPath(train) == Path.TrimEndingDirectorySeparator(
            Path.GetFullPath(folder))
            ? listing.Classes
            : FolderListing.Read(train).Classes;
        return new ImageFolder(folder, listing, classes, sample);
    }

    /// <summary>A folder that is listed.</summary>
    internal static ImageFolder Open(
        string folder, FolderListing listing, IReadOnlyList<string> classes, Shape sample) =>
        new(folder, listing, classes, sample);

    public override int Label(int index) => _labels[index];

    public override string Name(int index) => Path.Combine(_folder, _files[index]);

    public override int Load(int index, ref byte[] buffer)
    {
        string path = Name(index);
        try
        {
            using SafeFileHandle file = RawName.IsRaw(path) ? RawFiles.Open(path) : File.OpenHandle(path);
            return Read(file, 0, RandomAccess.GetLength(file), path, ref buffer);
        }
        catch (Exception exception) when (exception is UnauthorizedAccessException or IOException)
        {
            throw CannotRead(path, exception);
        }
    }

    internal override string FileName(int index) => Path.GetFileName(_files[index]);
}
