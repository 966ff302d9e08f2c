using RevUp.Data.Images;
using RevUp.Tensors;

namespace RevUp.Data;

/// <summary>
/// Images, volumes or other samples that lie in one array in memory, channels-last: bytes or
/// floats, each with one class or with K numbers as its target.
/// </summary>
/// <remarks>
/// Every kind of augmentation changes bytes. Floats can be mirrored and mixed: other kinds are
/// refused. A run normalises both with the statistics of the training set, unless its recipe states
/// others.
/// </remarks>
public class MemoryDataset : ImageDataset
{
    private readonly ReadOnlyMemory<byte> _pixels;
    private readonly ReadOnlyMemory<float> _values;
    private readonly ReadOnlyMemory<int> _labels;
    private readonly ReadOnlyMemory<float> _targets;
    private readonly bool _isOfBytes;
    private readonly int _length;

    /// <summary>
    /// Samples of bytes with one class each, in arrays that the caller keeps unchanged.
    /// </summary>
    /// <param name="pixels">N·(D)·H·W·C bytes.</param>
    /// <param name="labels">N labels.</param>
    /// <param name="sample">[1, (D), H, W, C].</param>
    /// <param name="classes">Names of the classes, at most 256.</param>
    /// <exception cref="ArgumentException">
    /// The lengths do not match, or a label has no class.
    /// </exception>
    public MemoryDataset(
        ReadOnlyMemory<byte> pixels, ReadOnlyMemory<byte> labels, Shape sample, IReadOnlyList<string> classes)
        : this(pixels, default, Widen(labels.Span), default, hasTargets: false, sample, classes)
    {
    }

    /// <summary>
    /// Samples of bytes with one class each, in arrays that the caller keeps unchanged.
    /// </summary>
    /// <param name="pixels">N·(D)·H·W·C bytes.</param>
    /// <param name="labels">N labels.</param>
    /// <param name="sample">[1, (D), H, W, C].</param>
    /// <param name="classes">Names of the classes.</param>
    /// <exception cref="ArgumentException">
    /// The lengths do not match, or a label has no class.
    /// </exception>
    public MemoryDataset(
        ReadOnlyMemory<byte> pixels, ReadOnlyMemory<int> labels, Shape sample, IReadOnlyList<string> classes)
        : this(pixels, default, labels, default, hasTargets: false, sample, classes)
    {
    }

    /// <summary>
    /// Samples of floats with one class each, in arrays that the caller keeps unchanged.
    /// </summary>
    /// <param name="values">N·(D)·H·W·C finite numbers.</param>
    /// <param name="labels">N labels.</param>
    /// <param name="sample">[1, (D), H, W, C].</param>
    /// <param name="classes">Names of the classes.</param>
    /// <exception cref="ArgumentException">
    /// The lengths do not match, or a label has no class.
    /// </exception>
    public MemoryDataset(
        ReadOnlyMemory<float> values, ReadOnlyMemory<int> labels, Shape sample, IReadOnlyList<string> classes)
        : this(null, values, labels, default, hasTargets: false, sample, classes)
    {
    }

    /// <summary>
    /// Samples of bytes with K numbers each as target, in arrays that the caller keeps unchanged.
    /// </summary>
    /// <param name="pixels">N·(D)·H·W·C bytes.</param>
    /// <param name="targets">N·K finite numbers, as of <see cref="ImageDataset.Target"/>.</param>
    /// <param name="sample">[1, (D), H, W, C].</param>
    /// <param name="outputs">Names of the K classes, labels or numbers.</param>
    /// <exception cref="ArgumentException">
    /// The lengths do not match, or a target is not finite.
    /// </exception>
    public MemoryDataset(
        ReadOnlyMemory<byte> pixels, ReadOnlyMemory<float> targets, Shape sample, IReadOnlyList<string> outputs)
        : this(pixels, default, default, targets, hasTargets: true, sample, outputs)
    {
    }

    /// <summary>
    /// Samples of floats with K numbers each as target, in arrays that the caller keeps unchanged.
    /// </summary>
    /// <param name="values">N·(D)·H·W·C finite numbers.</param>
    /// <param name="targets">N·K finite numbers, as of <see cref="ImageDataset.Target"/>.</param>
    /// <param name="sample">[1, (D), H, W, C].</param>
    /// <param name="outputs">Names of the K classes, labels or numbers.</param>
    /// <exception cref="ArgumentException">
    /// The lengths do not match, or a target is not finite.
    /// </exception>
    public MemoryDataset(
        ReadOnlyMemory<float> values, ReadOnlyMemory<float> targets, Shape sample, IReadOnlyList<string> outputs)
        : this(null, values, default, targets, hasTargets: true, sample, outputs)
    {
    }

    private MemoryDataset(
        ReadOnlyMemory<byte>? pixels,
        ReadOnlyMemory<float> values,
        ReadOnlyMemory<int> labels,
        ReadOnlyMemory<float> targets,
        bool hasTargets,
        Shape sample,
        IReadOnlyList<string> classes)
    {
        RequireNames(classes);
        (_pixels, _values, _labels, _targets) = (pixels ?? default, values, labels, targets);
        if (sample.Batch != 1)
        {
            throw new ArgumentException(
                $"A sample is [1, (D), H, W, C], and the first extent of {sample} is {sample.Batch}; put 1 before the "
                + "others.",
                nameof(sample));
        }
        (_isOfBytes, _length, HasTargets) = (pixels is not null, (int)sample.Count, hasTargets);
        (Sample, Classes) = (sample, classes);
        Count = hasTargets ? WholeTargets() : labels.Length;
        (int given, string unit) = _isOfBytes ? (_pixels.Length, "bytes") : (values.Length, "numbers");
        if (given != (long)Count * _length)
        {
            throw new ArgumentException(
                $"{Count} samples {sample} are {(long)Count * _length} {unit}, and there are {given}.",
                _isOfBytes ? nameof(pixels) : nameof(values));
        }
        RequireClasses(labels.Span, classes);
    }

    /// <inheritdoc/>
    public override int Count { get; }

    /// <inheritdoc/>
    public override IReadOnlyList<string> Classes { get; }

    /// <inheritdoc/>
    public override Shape Sample { get; }

    /// <inheritdoc/>
    public override bool HasTargets { get; }

    /// <summary>
    /// JPEG and PNG files of any size in memory, with one class each; readers decode and scale
    /// them as they do the files of a folder.
    /// </summary>
    /// <param name="files">N whole files, which the caller keeps unchanged.</param>
    /// <param name="labels">N labels.</param>
    /// <param name="sample">[1, H, W, C] with 1 or 3 channels, to which images are scaled.</param>
    /// <param name="classes">Names of the classes.</param>
    /// <exception cref="ArgumentException">
    /// The numbers of files and labels differ, or a label has no class.
    /// </exception>
    /// <exception cref="ConfigurationException">
    /// The sample is not an image of 1 or 3 channels.
    /// </exception>
    public static ImageDataset OfFiles(
        IReadOnlyList<ReadOnlyMemory<byte>> files, ReadOnlyMemory<int> labels, Shape sample,
        IReadOnlyList<string> classes)
    {
        ArgumentNullException.ThrowIfNull(files);
        RequireNames(classes);
        if (files.Count != labels.Length)
        {
            throw new ArgumentException($"There are {files.Count} files and {labels.Length} labels.", nameof(labels));
        }
        RequireClasses(labels.Span, classes);
        return new MemoryFiles(files, labels, sample, classes);
    }

    /// <summary>The (D)·H·W·C bytes of sample <paramref name="index"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">
    /// <paramref name="index"/> is not in 0 .. N − 1.
    /// </exception>
    /// <exception cref="InvalidOperationException">The samples are floats.</exception>
    public ReadOnlySpan<byte> Pixels(int index)
    {
        RequireIndex(index);
        return _isOfBytes
            ? _pixels.Span.Slice(index * _length, _length)
            : throw new InvalidOperationException($"The samples are floats; call {nameof(Values)}.");
    }

    /// <summary>The (D)·H·W·C numbers of sample <paramref name="index"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">
    /// <paramref name="index"/> is not in 0 .. N − 1.
    /// </exception>
    /// <exception cref="InvalidOperationException">The samples are bytes.</exception>
    public ReadOnlySpan<float> Values(int index)
    {
        RequireIndex(index);
        return _isOfBytes
            ? throw new InvalidOperationException($"The samples are bytes; call {nameof(Pixels)}.")
            : _values.Span.Slice(index * _length, _length);
    }

    /// <inheritdoc/>
    /// <exception cref="InvalidOperationException">The samples have targets.</exception>
    public override int Label(int index)
    {
        RequireIndex(index);
        return HasTargets
            ? throw new InvalidOperationException($"The samples have targets; call {nameof(Target)}.")
            : _labels.Span[index];
    }

    /// <inheritdoc/>
    /// <exception cref="InvalidOperationException">The samples have one class each.</exception>
    public override ReadOnlySpan<float> Target(int index)
    {
        RequireIndex(index);
        return HasTargets
            ? _targets.Span.Slice(index * Classes.Count, Classes.Count)
            : throw new InvalidOperationException($"The samples have one class each; call {nameof(Label)}.");
    }

    /// <inheritdoc/>
    public override SampleReader OpenReader() => _isOfBytes ? new ByteReader(this) : new NumberReader(this);

    private static void RequireNames(IReadOnlyList<string> classes)
    {
        ArgumentNullException.ThrowIfNull(classes);
        if (classes.Count == 0)
        {
            throw new ArgumentException(
                "There are no classes; labels count from 0, and every one needs a name.", nameof(classes));
        }
    }

    private static void RequireClasses(ReadOnlySpan<int> labels, IReadOnlyList<string> classes)
    {
        int outside = labels.IndexOfAnyExceptInRange(0, classes.Count - 1);
        if (outside >= 0)
        {
            throw new ArgumentException(
                $"Label {labels[outside]} of sample {outside} is none of the {classes.Count} classes; labels "
                + "count from 0, and every one needs a name.",
                nameof(labels));
        }
    }

    private static ReadOnlyMemory<int> Widen(ReadOnlySpan<byte> labels)
    {
        int[] wide = new int[labels.Length];
        for (int i = 0; i < labels.Length; i++)
        {
            wide[i] = labels[i];
        }
        return wide;
    }

    private int WholeTargets()
    {
        (int length, int outputs) = (_targets.Length, Classes.Count);
        int bad = FiniteValues.IndexOfOther(_targets.Span);
        string? problem = length % outputs != 0
            ? $"{length} targets are not {outputs} for each sample; give as many as there are names"
            : bad >= 0
                ? $"Target {bad % outputs} of sample {bad / outputs} is {_targets.Span[bad]}; correct it or leave the "
                    + "sample out"
                : null;
        return problem is null ? length / outputs : throw new ArgumentException(problem + ".", "targets");
    }

    private void RequireIndex(int index)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, Count);
    }

    private sealed class ByteReader(MemoryDataset dataset) : ImageReader(dataset.Sample)
    {
        protected override ReadOnlySpan<byte> Read(int index, Framing framing) => dataset.Pixels(index);
    }

    private sealed class NumberReader(MemoryDataset dataset) : FloatReader(dataset.Sample)
    {
        protected override ReadOnlySpan<float> Read(int index) => dataset.Values(index);
    }
}
