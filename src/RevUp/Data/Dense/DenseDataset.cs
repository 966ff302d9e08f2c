using RevUp.Tensors;

namespace RevUp.Data.Dense;

/// <summary>
/// N cases to segment: images or volumes of their own extents with C channels, and one label 0 .. K
/// − 1 for each position.
/// </summary>
/// <remarks>
/// Several threads call the members at once; each thread opens its own reader. RevUp cuts the
/// samples of a network from the cases: patches of one shape, or whole cases that are padded.
/// </remarks>
public abstract class DenseDataset : IDisposable
{
    /// <summary>Number of cases N.</summary>
    public abstract int Count { get; }

    /// <summary>Number of values C at each position.</summary>
    public abstract int Channels { get; }

    /// <summary>Names of the K classes, in the order of the labels.</summary>
    public abstract IReadOnlyList<string> Classes { get; }

    /// <summary>
    /// Whether class 0 is the background, which no patch is centred on; true by default.
    /// </summary>
    public virtual bool HasBackground => true;

    /// <summary>Shape of case <paramref name="index"/>: [1, H, W, C] or [1, D, H, W, C].</summary>
    public abstract Shape Extents(int index);

    /// <summary>
    /// Millimetres from position to position along (D,) H, W of case <paramref name="index"/>;
    /// empty, the default, where they are not known.
    /// </summary>
    public virtual IReadOnlyList<double> Spacing(int index) => [];

    /// <summary>Name of case <paramref name="index"/> in messages and results.</summary>
    public virtual string Name(int index) => FormattableString.Invariant($"case {index}");

    /// <summary>
    /// Opens a reader for one thread; the caller disposes it before the dataset.
    /// </summary>
    public abstract DenseReader OpenReader();

    /// <summary>The first class of the foreground: 0 or 1.</summary>
    internal int FirstForeground => HasBackground ? 1 : 0;

    /// <summary>Whether readers give normalised values, mean 0 and deviation 1.</summary>
    internal virtual bool IsNormalized => false;

    /// <summary>Rules by which cases were prepared; null where they are as they were.</summary>
    internal virtual DensePreparation? Preparation => null;

    /// <summary>
    /// Number of each class in the label maps; empty, the default, for 0 to K − 1.
    /// </summary>
    internal virtual IReadOnlyList<int> LabelValues => [];

    /// <summary>
    /// Unions of classes that evaluations measure as well; none by default.
    /// </summary>
    internal virtual IReadOnlyList<ClassRegion> Regions => [];

    /// <summary>
    /// Positions of each class in case <paramref name="index"/>; by default its label map is read.
    /// </summary>
    /// <exception cref="DataFileException">The case is missing or damaged.</exception>
    internal virtual IReadOnlyList<long> CountLabels(int index, DenseReader reader)
    {
        Shape extents = Extents(index);
        ushort[] labels = new ushort[extents.Positions];
        reader.Read(index, stackalloc int[extents.SpatialRank], extents, [], labels);
        return CaseEncoding.Count(labels, Classes.Count);
    }

    /// <summary>
    /// Labels of case <paramref name="index"/> on the voxels of its files; null, the default, where
    /// these are the positions of the case, or a part of them.
    /// </summary>
    /// <exception cref="DataFileException">The case is missing or damaged.</exception>
    internal virtual SourceLabels? ReadSource(int index) => null;

    /// <summary>Files of the folder that are no cases; none by default.</summary>
    internal virtual IReadOnlyList<DataFinding> Findings => [];

    /// <summary>Closes what the dataset keeps open.</summary>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Closes what the dataset keeps open; nothing by default.</summary>
    protected virtual void Dispose(bool disposing)
    {
    }
}
