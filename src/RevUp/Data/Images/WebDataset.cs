using RevUp.Tensors;

namespace RevUp.Data.Images;

/// <summary>
/// Images in tar shards, KEY.jpg and KEY.cls, or CLASS/KEY.jpg alone. Shards are indexed once, and
/// then read at any place.
/// </summary>
/// <remarks>
/// KEY ends at the first dot of a file's name, and the extension is everything after it: jpg, jpeg
/// and png are images, cls is the number of a class, and other extensions are ignored. The members
/// of a key may be anywhere in their shard. Where any image has a .cls member, every image needs
/// one; <see cref="Findings"/> counts images without one, second images, duplicates, links and the
/// like. A file classes.txt beside the shards, or beside the parts, gives the numbers their names,
/// a line each. Links within a shard are followed; a shard inside a shard is a folder; a shard
/// named like n01440764 is a class of its images. A compressed shard is unfolded into the temporary
/// folder while it is open. The index is in memory, a name and 50 bytes for each sample. A bounded
/// number of shards stay open. Source: the WebDataset convention, github.com/webdataset/webdataset.
/// </remarks>
/// <example><code>
/// // shards/train/*.tar
/// using var train = WebDataset.Open("shards", DatasetSplit.Train, new Shape(1, 224, 224, 3));
/// </code></example>
internal sealed class WebDataset : EncodedDataset
{
    /// <summary>Beside the shards: the names of the classes, a line each.</summary>
    internal const string ClassesFile = "classes.txt";

    private readonly ShardSample[] _members;
    private readonly int[] _labels;
    private readonly string[] _shards;
    private readonly ShardPool _pool;

    private WebDataset(ShardSet set, IReadOnlyList<string> classes, Shape sample)
        : base(sample)
    {
        (_shards, _members, Findings, Classes) = (set.Shards, set.Samples, set.Findings, classes);
        _labels = ClassNames.Labels(_members.Select(member => member.Class), classes, Name);
        _pool = new ShardPool(_shards);
    }

    public override int Count => _members.Length;

    /// <summary>
    /// The lines of classes.txt; without it, the different labels, sorted by value when all are
    /// numbers and by their characters otherwise.
    /// </summary>
    public override IReadOnlyList<string> Classes { get; }

    internal override IReadOnlyList<DataFinding> Findings { get; }

    /// <summary>
    /// Indexes one part of a dataset: train/*.tar, or test/*.tar (also val or validation), with the
    /// classes of the former.
    /// </summary>
    /// <inheritdoc cref="ImageFolder.Open(string, DatasetSplit, Shape)"/>
    public static WebDataset Open(string root, DatasetSplit split, Shape sample)
    {
        string train = SplitFolder.Find(root, DatasetSplit.Train);
        return OpenPart(root, train, SplitFolder.Find(root, split), sample);
    }

    /// <summary>
    /// Indexes the shards of one folder. A part of a dataset, by its name, has the classes of the
    /// dataset's training set.
    /// </summary>
    /// <inheritdoc cref="ImageFolder.Open(string, Shape)"/>
    public static WebDataset Open(string folder, Shape sample)
    {
        string? whole = SplitFolder.WholeOf(folder), train = whole is null ? null : SplitFolder.TryFind(
            whole, DatasetSplit.Train);
        if (train is not null && ShardFile.List(train).Length > 0)
        {
            return OpenPart(whole!, train, folder, sample);
        }
        string[]? names = ReadClasses(folder);
        ShardSet set = ShardSet.Index(folder, names);
        return new WebDataset(set, names ?? ClassesOf(set), sample);
    }

    /// <summary>
    /// Shards that are indexed; null takes the classes of their samples.
    /// </summary>
    internal static WebDataset Open(ShardSet set, IReadOnlyList<string>? classes, Shape sample) =>
        new(set, classes ?? ClassesOf(set), sample);

    private static WebDataset OpenPart(string root, string train, string folder, Shape sample)
    {
        string[]? trainNames = ReadClasses(train) ?? ReadClasses(root);
        ShardSet set = ShardSet.Index(folder, ReadClasses(folder) ?? trainNames);
        bool isTrain = Path.GetFullPath(train) == Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder));
        return new WebDataset(set, trainNames ?? ClassesOf(isTrain ? set : ShardSet.Index(train, trainNames)), sample);
    }

    public override int Label(int index) => _labels[index];

    public override string Name(int index) => $"{_shards[_members[index].Shard]}:{_members[index].Name}";

    public override int Load(int index, ref byte[] buffer)
    {
        ShardSample member = _members[index];
        while (true)
        {
            try
            {
                return Read(_pool.Get(member.Shard), member.Offset, member.Length, _shards[member.Shard], ref buffer);
            }
            catch (ObjectDisposedException) when (!_pool.IsDisposed)
            {
                // Another thread needed the room.
            }
            catch (Exception exception) when (
                exception is UnauthorizedAccessException or IOException)
            {
                throw CannotRead(Name(index), exception);
            }
        }
    }

    internal override string FileName(int index) => Path.GetFileName(_members[index].Name);

    protected override void Dispose(bool disposing)
    {
        _pool.Dispose();
        base.Dispose(disposing);
    }

    private static string[] ClassesOf(ShardSet set) => ClassNames.Sort(set.Samples.Select(member => member.Class));

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
            throw new DataFileException(
                path,
                $"the names of the classes cannot be read ({exception.Message}) Check the file's permissions.",
                exception);
        }
        return classes.Length > 0 && classes.Distinct().Count() == classes.Length
            ? classes
            : throw new DataFileException(
                path,
                $"it has {classes.Length} names, of which {classes.Distinct().Count()} differ; a line names one "
                + "class.");
    }
}
