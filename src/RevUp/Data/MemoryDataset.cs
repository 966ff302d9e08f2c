using RevUp.Tensors;

namespace RevUp.Data;

/// <summary>Byte images, or volumes, that lie in one array in memory, channels-last.</summary>
public class MemoryDataset : ImageDataset
{
    private readonly ReadOnlyMemory<byte> _pixels;
    private readonly ReadOnlyMemory<byte> _labels;
    private readonly int _length;

    /// <summary>A dataset over arrays that the caller keeps unchanged.</summary>
    /// <param name="pixels">N·(D)·H·W·C bytes.</param>
    /// <param name="labels">N labels.</param>
    /// <param name="sample">[1, (D), H, W, C].</param>
    /// <param name="classes">Names of the classes, at most 256.</param>
    /// <exception cref="ArgumentException">
    /// The lengths do not match, or a label has no class.
    /// </exception>
    public MemoryDataset(
        ReadOnlyMemory<byte> pixels, ReadOnlyMemory<byte> labels, Shape sample, IReadOnlyList<string> classes)
    {
        ArgumentNullException.ThrowIfNull(classes);
        if (pixels.Length != labels.Length * sample.Count)
        {
            throw new ArgumentException(
                $"{labels.Length} samples {sample} are {labels.Length * sample.Count} bytes, and there are "
                + $"{pixels.Length}.",
                nameof(pixels));
        }
        int outside = labels.Span.IndexOfAnyExceptInRange((byte)0, (byte)Math.Min(classes.Count - 1, byte.MaxValue));
        if (outside >= 0 || classes.Count == 0)
        {
            string problem = classes.Count == 0
                ? "There are no classes"
                : $"Label {labels.Span[outside]} of sample {outside} is none of the {classes.Count} classes";
            throw new ArgumentException(
                $"{problem}; labels count from 0, and every one needs a name.",
                classes.Count == 0 ? nameof(classes) : nameof(labels));
        }
        (_pixels, _labels, _length) = (pixels, labels, (int)sample.Count);
        (Sample, Classes) = (sample, classes);
    }

    /// <inheritdoc/>
    public override int Count => _labels.Length;

    /// <inheritdoc/>
    public override IReadOnlyList<string> Classes { get; }

    /// <inheritdoc/>
    public override Shape Sample { get; }

    /// <summary>The (D)·H·W·C bytes of sample <paramref name="index"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">
    /// <paramref name="index"/> is not in 0 .. N − 1.
    /// </exception>
    public ReadOnlySpan<byte> Pixels(int index)
    {
        RequireIndex(index);
        return _pixels.Span.Slice(index * _length, _length);
    }

    /// <inheritdoc/>
    public override int Label(int index)
    {
        RequireIndex(index);
        return _labels.Span[index];
    }

    /// <inheritdoc/>
    public override SampleReader OpenReader() => new Reader(this);

    private void RequireIndex(int index)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, Count);
    }

    private sealed class Reader(MemoryDataset dataset) : ImageReader(dataset.Sample)
    {
        protected override ReadOnlySpan<byte> Read(int index, Framing framing) => dataset.Pixels(index);
    }
}
