using RevUp.Tensors;

namespace RevUp.Data.Dense;

/// <summary>
/// Reads any box of a case on one thread, normalised; positions outside the case have the value 0
/// in all channels and the label <see cref="VoxelLabels.Ignored"/>.
/// </summary>
internal sealed class CaseReader(DenseDataset dataset, ChannelNormalization normalization) : IDisposable
{
    private readonly DenseReader _reader = dataset.OpenReader();
    private float[] _pixels = [];
    private ushort[] _labels = [];

    /// <inheritdoc cref="DenseReader.TryDrawForeground"/>
    public bool TryDrawForeground(int index, ref CounterRandom random, out VoxelIndex position)
    {
        bool found = _reader.TryDrawForeground(dataset, index, ref random, out long number);
        position = found ? VoxelIndex.Of(dataset.Extents(index)).Position(number) : default;
        return found;
    }

    /// <summary>Writes a box.</summary>
    /// <param name="index">The case.</param>
    /// <param name="origin">First position of the box, outside the case or not.</param>
    /// <param name="box">Extents of the box.</param>
    /// <param name="pixels">Positions × C floats.</param>
    /// <param name="labels">A label each.</param>
    /// <exception cref="DataFileException">The case is missing or damaged.</exception>
    public void Read(int index, VoxelIndex origin, VoxelIndex box, Span<float> pixels, Span<ushort> labels)
    {
        Shape shape = dataset.Extents(index);
        VoxelIndex extents = VoxelIndex.Of(shape);
        VoxelIndex first = VoxelIndex.From(axis => Math.Clamp(origin[axis], 0, extents[axis]));
        VoxelIndex inner = VoxelIndex.From(
            axis => Math.Clamp(origin[axis] + box[axis], 0, extents[axis]) - first[axis]);
        if (inner == box)
        {
            ReadInside(index, first, box, shape.SpatialRank, pixels, labels);
            return;
        }
        pixels.Clear();
        labels.Fill(VoxelLabels.Ignored);
        if (inner.Depth <= 0 || inner.Height <= 0 || inner.Width <= 0)
        {
            return;
        }
        int channels = dataset.Channels, count = checked((int)inner.Count);
        Grow(ref _pixels, count * channels);
        Grow(ref _labels, count);
        Span<float> values = _pixels.AsSpan(0, count * channels);
        Span<ushort> numbers = _labels.AsSpan(0, count);
        ReadInside(index, first, inner, shape.SpatialRank, values, numbers);
        for (int row = 0; row < inner.Depth * inner.Height; row++)
        {
            int depth = row / inner.Height + first.Depth - origin.Depth;
            int height = row % inner.Height + first.Height - origin.Height;
            int to = (depth * box.Height + height) * box.Width + first.Width - origin.Width;
            int from = row * inner.Width;
            values.Slice(from * channels, inner.Width * channels).CopyTo(pixels[(to * channels)..]);
            numbers.Slice(from, inner.Width).CopyTo(labels[to..]);
        }
    }

    /// <summary>Adds the values of a whole case, not normalised.</summary>
    public void Measure(int index, ChannelStatistics statistics)
    {
        Shape shape = dataset.Extents(index);
        Grow(ref _pixels, checked((int)shape.Count));
        Span<float> values = _pixels.AsSpan(0, (int)shape.Count);
        _reader.Read(index, stackalloc int[shape.SpatialRank], shape, values, []);
        statistics.Add(values);
    }

    public void Dispose() => _reader.Dispose();

    private void ReadInside(
        int index, VoxelIndex origin, VoxelIndex box, int spatialRank, Span<float> pixels, Span<ushort> labels)
    {
        ReadOnlySpan<int> place = [origin.Depth, origin.Height, origin.Width];
        _reader.Read(index, place[(3 - spatialRank)..], box.ToShape(spatialRank, dataset.Channels), pixels, labels);
        if (!dataset.IsNormalized)
        {
            normalization.Apply(pixels);
        }
    }

    private static void Grow<T>(ref T[] array, int length)
    {
        if (array.Length < length)
        {
            array = GC.AllocateUninitializedArray<T>(length);
        }
    }
}
