using Microsoft.Win32.SafeHandles;
using RevUp.Tensors;

namespace RevUp.Data.Images;

/// <summary>Images in tar shards, KEY.jpg beside KEY.cls, or CLASS/KEY.jpg alone. The shards are indexed once, and then read at any place.</summary>
/// <remarks>
/// The index is in memory, a name and 40 bytes for each sample. Indexing reads a header of 512 bytes for every member and no image. A file classes.txt beside
/// the shards, a name a line, gives the numbers of .cls members their names. Shards stay open.
/// Source: the WebDataset convention, github.com/webdataset/webdataset.
/// </remarks>
/// <example><code>
/// using var train = WebDataset.Open("shards", DatasetSplit.Train, new Shape(1, 224, 224, 3)); // shards/train/*.tar
/// </code></example>
public sealed class WebDataset : EncodedDataset
{
    /// <summary>Beside the shards: the names of the classes, a line each.</summary>
    internal const string ClassesFile = "classes.txt";

    private readonly TarMember[] _members;
    private readonly int[] _labels;
    private readonly string[] _shards;
    private readonly SafeFileHandle?[] _handles;

    private WebDataset(string[] shards, TarMember[] members, IReadOnlyList<string> classes, Shape sample)
        : base(sample)
    {
        (_shards, _members, Classes) = (shards, members, classes);
        _labels = ClassNames.Labels(members.Select(member => member.Class), classes, Name);
        _handles = new SafeFileHandle?[shards.Length];
    }

    /// <inheritdoc/>
    public override int Count => _members.Length;

    /// <summary>The lines of classes.txt; without it, the different labels, sorted by value when all are numbers and by their characters otherwise.</summary>
    public override IReadOnlyList<string> Classes { get; }

    /// <summary>Indexes one part of a dataset: train/*.tar, or test/*.tar (also val or validation), with the classes of the former.</summary>
    /// <inheritdoc cref="ImageFolder.Open(string, DatasetSplit, Shape)"/>
    public static WebDataset Open(string root, DatasetSplit split, Shape sample)
    {
        string train = SplitFolder.Find(root, DatasetSplit.Train), folder = SplitFolder.Find(root, split);
        (string[] shards, TarMember[] members) = Index(folder);
        return new WebDataset(shards, members, ReadClasses(train) ?? ClassesOf(train == folder ? members : Index(train).Members), sample);
    }

    /// <summary>Indexes the shards of one folder, as a dataset of its own.</summary>
    /// <inheritdoc cref="ImageFolder.Open(string, Shape)"/>
    public static WebDataset Open(string folder, Shape sample)
    {
        (string[] shards, TarMember[] members) = Index(folder);
        return new WebDataset(shards, members, ReadClasses(folder) ?? ClassesOf(members), sample);
    }

    /// <inheritdoc/>
    public override int Label(int index) => _labels[index];

    /// <inheritdoc/>
    public override string Name(int index) => $"{_shards[_members[index].Shard]}:{_members[index].Name}";

    /// <inheritdoc/>
    public override int Load(int index, ref byte[] buffer)
    {
        TarMember member = _members[index];
        try
        {
            return Read(Handle(member.Shard), member.Offset, member.Length, _shards[member.Shard], ref buffer);
        }
        catch (Exception exception) when (exception is UnauthorizedAccessException or (IOException and not DataFileException))
        {
            throw new DataFileException(Name(index), $"the image cannot be read: {exception.Message}", exception);
        }
    }

    internal override string FileName(int index) => Path.GetFileName(_members[index].Name);

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        foreach (SafeFileHandle? handle in _handles)
        {
            handle?.Dispose();
        }
        base.Dispose(disposing);
    }

    // Two threads may open a shard at once; the one that comes second closes its own.
    private SafeFileHandle Handle(int shard)
    {
        if (Volatile.Read(ref _handles[shard]) is { } open)
        {
            return open;
        }
        SafeFileHandle opened = File.OpenHandle(_shards[shard]);
        if (Interlocked.CompareExchange(ref _handles[shard], opened, null) is not { } earlier)
        {
            return opened;
        }
        opened.Dispose();
        return earlier;
    }

    private static (string[] Shards, TarMember[] Members) Index(string folder)
    {
        string[] shards = Directory.Exists(folder) ? Directory.GetFiles(folder, "*.tar") : [];
        Array.Sort(shards, string.CompareOrdinal);
        if (shards.Length == 0)
        {
            throw new DataFileException(folder, "there is no shard (*.tar) in this folder; name the one with the shards.");
        }
        string[]? classes = ReadClasses(folder);
        List<TarMember> members = [];
        for (int shard = 0; shard < shards.Length; shard++)
        {
            TarIndex.Read(shards[shard], shard, classes, members);
        }
        return members.Count > 0 ? (shards, [.. members]) : throw new DataFileException(
            folder, $"its shards have no image (.jpg, .jpeg or .png); the first of {shards.Length} is {shards[0]}.");
    }

    private static string[] ClassesOf(TarMember[] members) => ClassNames.Sort(members.Select(member => member.Class));

    private static string[]? ReadClasses(string folder)
    {
        string path = Path.Combine(folder, ClassesFile);
        if (!File.Exists(path))
        {
            return null;
        }
        string[] classes;
        try
        {
            classes = [.. File.ReadLines(path).Where(line => line.Length > 0)];
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new DataFileException(path, $"the names of the classes cannot be read ({exception.Message}) Check the file's permissions.", exception);
        }
        return classes.Length > 0 && classes.Distinct().Count() == classes.Length
            ? classes
            : throw new DataFileException(path, $"it has {classes.Length} names, of which {classes.Distinct().Count()} differ; a line names one class.");
    }
}
