using RevUp.Tensors;

namespace RevUp.Data;

/// <summary>
/// N images or volumes with one label 0 .. K − 1 each, written as samples of one shape.
/// </summary>
/// <remarks>
/// Several threads call the members at once. Each thread opens its own reader, which can keep a
/// decoder and buffers. To bring your own dataset, derive from this class and return your own
/// <see cref="ImageReader"/>, which reads bytes, or <see cref="FloatReader"/>. Images that are all
/// in memory need no class: use a <see cref="MemoryDataset"/>. Train with a recipe whose
/// data.dataset is "custom" and the constructor of <see cref="Runs.TrainingRun"/> that takes
/// datasets.
/// </remarks>
/// <example><code>
/// sealed class Stripes : ImageDataset // dark images and bright ones
/// {
///     public override int Count => 100;
///     public override IReadOnlyList&lt;string&gt; Classes => ["dark", "bright"];
///     public override Shape Sample => new(1, 8, 8, 1);
///     public override int Label(int index) => index % 2;
///     public override SampleReader OpenReader() => new Reader(this);
///     private sealed class Reader(Stripes stripes) : ImageReader(stripes.Sample)
///     {
///         private readonly byte[] _pixels = new byte[64];
///         protected override ReadOnlySpan&lt;byte&gt; Read(int index, Framing framing)
///         {
///             Array.Fill(_pixels, (byte)(stripes.Label(index) * 200 + index % 50));
///             return _pixels;
///         }
///     }
/// }
/// </code></example>
public abstract class ImageDataset : IDisposable
{
    /// <summary>Number of samples N.</summary>
    public abstract int Count { get; }

    /// <summary>Names of the K classes, in the order of the labels.</summary>
    public abstract IReadOnlyList<string> Classes { get; }

    /// <summary>
    /// Shape of every sample as readers write it: [1, H, W, C] or [1, D, H, W, C].
    /// </summary>
    public abstract Shape Sample { get; }

    /// <summary>
    /// Whether the images have sizes of their own, so that a reader can be told which part of one
    /// to take: see <see cref="Framing"/>.
    /// </summary>
    public virtual bool HasOwnSizes => false;

    /// <summary>
    /// Whether a sample has a label at each of its positions, and none of its own.
    /// </summary>
    internal virtual bool HasLabelMaps => false;

    /// <summary>Files of the folder that are no samples; none by default.</summary>
    internal virtual IReadOnlyList<DataFinding> Findings => [];

    /// <summary>
    /// Whether the target of a sample is K numbers, <see cref="Target"/>, and not one class: soft
    /// labels, several labels, or the numbers of a regression. <see cref="Classes"/> names them.
    /// </summary>
    public virtual bool HasTargets => false;

    /// <summary>
    /// The K numbers that sample <paramref name="index"/> is to give: probabilities that sum to 1,
    /// probabilities of labels, or any finite numbers, as the network's task says. Asked where
    /// <see cref="HasTargets"/>.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">
    /// <paramref name="index"/> is not in 0 .. N − 1.
    /// </exception>
    public virtual ReadOnlySpan<float> Target(int index) =>
        throw new NotSupportedException($"{GetType().Name} has one class for each sample and no targets of numbers.");

    /// <summary>
    /// The label of sample <paramref name="index"/>, in 0 .. K − 1; not asked where
    /// <see cref="HasTargets"/>.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">
    /// <paramref name="index"/> is not in 0 .. N − 1.
    /// </exception>
    public abstract int Label(int index);

    /// <summary>Name of sample <paramref name="index"/> in messages, such as its file.</summary>
    public virtual string Name(int index) => FormattableString.Invariant($"sample {index}");

    /// <summary>
    /// Opens an <see cref="ImageReader"/> for one thread; the caller disposes it before the
    /// dataset.
    /// </summary>
    public abstract SampleReader OpenReader();

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
