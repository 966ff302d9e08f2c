namespace RevUp.Data;

/// <summary>Which part of a dataset: the one to learn from or the one to be judged on.</summary>
public enum DatasetSplit
{
    /// <summary>The training set.</summary>
    Train,

    /// <summary>The test set.</summary>
    Test,
}

/// <summary>Images of one size, as bytes H × W × C (channels-last), each with one label 0 .. K − 1. Reading is thread-safe.</summary>
public abstract class ImageDataset
{
    /// <summary>Number of images N.</summary>
    public abstract int Count { get; }

    /// <summary>Names of the K classes, in the order of the labels.</summary>
    public abstract IReadOnlyList<string> Classes { get; }

    /// <summary>Rows H.</summary>
    public abstract int Height { get; }

    /// <summary>Columns W.</summary>
    public abstract int Width { get; }

    /// <summary>Channels C.</summary>
    public abstract int Channels { get; }

    /// <summary>The H·W·C bytes of image <paramref name="index"/>, valid as long as the dataset.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="index"/> is not in 0 .. N − 1.</exception>
    public abstract ReadOnlySpan<byte> Pixels(int index);

    /// <summary>The label of image <paramref name="index"/>, in 0 .. K − 1.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="index"/> is not in 0 .. N − 1.</exception>
    public abstract int Label(int index);
}

/// <summary>Images and labels that lie in two arrays in memory.</summary>
public abstract class MemoryDataset : ImageDataset
{
    private readonly ReadOnlyMemory<byte> _pixels;
    private readonly ReadOnlyMemory<byte> _labels;

    private protected MemoryDataset(
        ReadOnlyMemory<byte> pixels, ReadOnlyMemory<byte> labels, int height, int width, int channels, IReadOnlyList<string> classes)
    {
        (_pixels, _labels) = (pixels, labels);
        (Height, Width, Channels, Classes) = (height, width, channels, classes);
    }

    /// <inheritdoc/>
    public override int Count => _labels.Length;

    /// <inheritdoc/>
    public override IReadOnlyList<string> Classes { get; }

    /// <inheritdoc/>
    public override int Height { get; }

    /// <inheritdoc/>
    public override int Width { get; }

    /// <inheritdoc/>
    public override int Channels { get; }

    /// <inheritdoc/>
    public override ReadOnlySpan<byte> Pixels(int index)
    {
        RequireIndex(index);
        int length = Height * Width * Channels;
        return _pixels.Span.Slice(index * length, length);
    }

    /// <inheritdoc/>
    public override int Label(int index)
    {
        RequireIndex(index);
        return _labels.Span[index];
    }

    private void RequireIndex(int index)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, Count);
    }
}
