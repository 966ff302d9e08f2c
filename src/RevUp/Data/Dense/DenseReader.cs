using RevUp.Tensors;

namespace RevUp.Data.Dense;

/// <summary>Reads boxes of the cases of a <see cref="DenseDataset"/> on one thread.</summary>
public abstract class DenseReader : IDisposable
{
    private ushort[] _map = [];

    /// <summary>Writes the values and labels of one box.</summary>
    /// <param name="index">The case, 0 .. N − 1.</param>
    /// <param name="origin">First position of the box along (D,) H, W.</param>
    /// <param name="box">
    /// Shape of the box, [1, H, W, C] or [1, D, H, W, C]; it lies within the case.
    /// </param>
    /// <param name="pixels">
    /// (D·)H·W·C floats, channels-last, all of them written; empty where they are not wanted.
    /// </param>
    /// <param name="labels">
    /// (D·)H·W labels, 0 .. K − 1 or <see cref="VoxelLabels.Ignored"/>, all of them written; empty
    /// where they are not wanted.
    /// </param>
    /// <exception cref="DataFileException">The case is missing or damaged.</exception>
    public abstract void Read(
        int index, ReadOnlySpan<int> origin, Shape box, Span<float> pixels, Span<ushort> labels);

    /// <summary>
    /// Draws a class uniformly from the foreground classes that occur in a case, then one of its
    /// positions; false where the case has no foreground.
    /// </summary>
    /// <param name="dataset">Whose reader this is.</param>
    /// <param name="index">The case.</param>
    /// <param name="random">Draws two numbers where there is a foreground.</param>
    /// <param name="position">Number of the position in the case, row by row.</param>
    /// <remarks>This reads the whole label map; a reader with an index of positions overrides it.
    /// </remarks>
    internal virtual bool TryDrawForeground(
        DenseDataset dataset, int index, ref CounterRandom random, out long position)
    {
        Shape extents = dataset.Extents(index);
        int count = checked((int)extents.Positions);
        if (_map.Length < count)
        {
            _map = GC.AllocateUninitializedArray<ushort>(count);
        }
        Read(index, stackalloc int[extents.SpatialRank], extents, [], _map.AsSpan(0, count));
        return PositionScan.TryDraw(
            _map.AsSpan(0, count), dataset.Classes.Count, dataset.FirstForeground, ref random, out position);
    }

    /// <summary>Frees buffers.</summary>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Frees buffers; nothing by default.</summary>
    protected virtual void Dispose(bool disposing)
    {
    }
}
