using RevUp.Backends;
using RevUp.Data;
using RevUp.Layers;
using RevUp.Tensors;

namespace RevUp.Models;

/// <summary>
/// Runs a network over a volume tile by tile, within a number of bytes; the logits are the whole
/// volume's. Tiles of all volumes are chosen by a measurement of the smallest tile. Where whole
/// tiles would be small, layers take larger ones slab by slab.
/// </summary>
/// <remarks>
/// Extents that the network's strides do not divide are filled up at their ends with zeros, the
/// mean of the training set, as in training. Under <see cref="Normalization.InstanceNorm"/> every
/// output depends on the whole volume, so that one tile holds all of it.
/// </remarks>
internal sealed class TiledInference : IDisposable
{
    // Room for what the measurement of a small tile does not show.
    private const double Margin = 1.02;

    // Time of slabs as a multiple of the whole tile's.
    private const double SlabTime = 1.1;

    private readonly RevUpNet _net;
    private readonly ChannelNormalization _normalization;
    private readonly long _memory;
    private readonly IReadOnlyList<ReceptiveField> _fields;
    private RevUpNet? _view;
    private int _slab; // of the view
    private double _wholeBytes; // of a position; 0 until they are measured
    private double _slabBytes;
    private float[] _pixels = [];

    /// <param name="net">A U-Net; stays the caller's.</param>
    /// <param name="normalization">Of the training set.</param>
    /// <param name="memory">
    /// Bytes of the backend's arena, of labels and of buffers that inference may take, weights
    /// included.
    /// </param>
    public TiledInference(RevUpNet net, ChannelNormalization normalization, long memory)
    {
        (_net, _normalization, _memory) = (net, normalization, memory);
        _fields = NetworkReach.Of(net);
    }

    /// <summary>The device.</summary>
    public Backend Backend => _net.Backend;

    /// <summary>Plans for a volume, in the order in which they are worth trying.</summary>
    /// <param name="volume">[1, (D), H, W, C].</param>
    public IEnumerable<TilePlan> Plans(Shape volume)
    {
        for (int axis = 0; axis < volume.SpatialRank; axis++)
        {
            int alignment = _fields[axis].Alignment;
            // Twice the alignment leaves two places at the coarsest level: a kernel of 3 needs
            // them.
            int extent = Math.Max(volume.Extent(axis), 2 * alignment);
            volume = volume.With(axis + 1, ReceptiveField.Up(extent, alignment));
        }
        return TilePlan.Candidates(volume, _fields);
    }

    /// <summary>The label with the largest logit at every position.</summary>
    /// <param name="volume">(D)·H·W·C numbers, channels-last, not normalised.</param>
    /// <param name="shape">[1, (D), H, W, C].</param>
    /// <returns>(D)·H·W labels.</returns>
    /// <exception cref="ArgumentException">A position's logits are not numbers.</exception>
    /// <exception cref="ArenaExhaustedException">
    /// The bytes do not reach for the smallest tile, or under <see
    /// cref="Normalization.InstanceNorm"/> for the whole volume.
    /// </exception>
    public ushort[] Segment(ReadOnlySpan<float> volume, Shape shape) =>
        Segment(volume, shape, ReadOnlyMemory<ushort>.Empty, out _);

    /// <summary>The same beside the cross-entropy with the true labels.</summary>
    /// <param name="volume">(D)·H·W·C numbers, channels-last, not normalised.</param>
    /// <param name="shape">[1, (D), H, W, C].</param>
    /// <param name="truth">
    /// (D)·H·W labels, where <see cref="VoxelLabels.Ignored"/> does not count; empty for none.
    /// </param>
    /// <param name="crossEntropy">Sum over the positions that count.</param>
    /// <inheritdoc cref="Segment(ReadOnlySpan{float}, Shape)"/>
    public ushort[] Segment(
        ReadOnlySpan<float> volume, Shape shape, ReadOnlyMemory<ushort> truth, out double crossEntropy)
    {
        ushort[] labels = new ushort[shape.Positions];
        try
        {
            TilePlan[] plans = Affordable(Plans(shape), labels.LongLength * sizeof(ushort));
            for (int i = 0; ; i++)
            {
                (TilePlan plan, double sum) = (plans[i], 0);
                try
                {
                    ushort[] buffer = new ushort[plan.Tile.Positions];
                    Run(plan, volume, shape, (tile, logits) =>
                    {
                        if (!truth.IsEmpty)
                        {
                            sum += CrossEntropy(plan, tile, logits, buffer, truth.Span, shape);
                        }
                        Label(plan, tile, logits, buffer, labels, shape);
                    });
                    crossEntropy = sum;
                    return labels;
                }
                catch (ArenaExhaustedException) when (i + 1 < plans.Length)
                {
                    // Smaller tiles follow.
                }
            }
        }
        catch (ArenaExhaustedException exception)
        {
            string needed = SeesAll
                ? $"a volume {shape} as a whole, and instance normalisation sees all of it: tiles would give other "
                    + "numbers"
                : $"a tile of a volume {shape}";
            throw new ArenaExhaustedException(
                $"{_memory} bytes do not reach for {needed}; give more memory. {exception.Message}");
        }
    }

    /// <summary>Computes the logits of every tile of a plan.</summary>
    /// <param name="plan">Of <see cref="Plans"/>.</param>
    /// <param name="volume">See <see cref="Segment(ReadOnlySpan{float}, Shape)"/>.</param>
    /// <param name="shape">See <see cref="Segment(ReadOnlySpan{float}, Shape)"/>.</param>
    /// <param name="take">
    /// Takes the place of a tile and its logits [1, (D), H, W, K], which are freed afterwards.
    /// </param>
    public void Run(TilePlan plan, ReadOnlySpan<float> volume, Shape shape, Action<TileRun[], Tensor> take)
    {
        RevUpNet view = View(plan);
        int count = checked((int)plan.Tile.Count);
        if (_pixels.Length < count)
        {
            _pixels = GC.AllocateUninitializedArray<float>(count);
        }
        foreach (TileRun[] tile in plan.Tiles)
        {
            Cut(volume, shape, tile, plan.Tile, _pixels.AsSpan(0, count));
            Tensor logits = view.Infer(_pixels.AsSpan(0, count));
            try
            {
                take(tile, logits);
            }
            finally
            {
                Backend.Memory.Free(logits);
            }
        }
    }

    /// <summary>Frees the network at the extents of the last tile.</summary>
    public void Dispose() => _view?.Dispose();

    // Whether every output depends on every input.
    private bool SeesAll => _net.Settings.Normalization == Normalization.InstanceNorm;

    /// <summary>
    /// The plans that fit by the bytes of a position, which the first call measures. They come in
    /// the order in which they are worth trying.
    /// </summary>
    /// <param name="plans">Of <see cref="Plans"/>.</param>
    /// <param name="taken">Bytes of the memory that are somebody else's.</param>
    public TilePlan[] Affordable(IEnumerable<TilePlan> plans, long taken)
    {
        TilePlan[] all = [.. plans];
        double ofWhole = MeasureWhole(all[^1]);
        long free = _memory - taken - Backend.Memory.Use.Total;
        if (SeesAll)
        {
            TilePlan whole = all.Single(plan => plan.Count == 1);
            double bytes = whole.Tile.Positions * ofWhole * Margin;
            return bytes <= free
                ? [whole]
                : throw new ArenaExhaustedException($"It takes about {bytes:F0} bytes, and {free} are left.");
        }
        TilePlan[] fitting = [.. all.Where(plan => Fits(plan, ofWhole))];
        if (fitting.Length > 0 && fitting[0] == all[0])
        {
            return fitting;
        }
        // Slabs need fewer bytes. Larger tiles fit then, with less halo to compute.
        TilePlan[] slabs = [.. all.Select(plan => plan.InSlabs())];
        _slabBytes = _slabBytes > 0 ? _slabBytes : Measure(slabs[^1]);
        fitting = [.. fitting, .. slabs.Where(plan => Fits(plan, _slabBytes))];
        // The smallest is tried in any case: the arena decides.
        return fitting.Length > 0
            ? [.. fitting.OrderBy(plan => plan.Positions * (plan.Slab > 0 ? SlabTime : 1))]
            : [slabs[^1]];

        bool Fits(TilePlan plan, double bytes) => plan.Tile.Positions * bytes * Margin <= free;
    }

    // Infinite where the arena does not reach for the tile as a whole: slabs may then.
    private double MeasureWhole(TilePlan plan)
    {
        try
        {
            return _wholeBytes = _wholeBytes > 0 ? _wholeBytes : Measure(plan);
        }
        catch (ArenaExhaustedException) when (!SeesAll)
        {
            return double.PositiveInfinity;
        }
    }

    private double Measure(TilePlan plan)
    {
        Shape tile = plan.Tile;
        RevUpNet view = View(plan);
        Arena memory = Backend.Memory;
        float[] zeros = new float[tile.Count];
        memory.Free(view.Infer(zeros)); // packs the weights, which no tile packs again
        long before = memory.Use.Total;
        long peak = memory.PeakOf(() =>
        {
            Tensor logits = view.Infer(zeros);
            Tensor labels = memory.Allocate(Positions(tile), ElementType.UInt16, MemoryPurpose.Activations);
            memory.Free(labels);
            memory.Free(logits);
        });
        long buffers = tile.Count * sizeof(float) + tile.Positions * sizeof(ushort);
        return (double)(peak - before + buffers) / tile.Positions;
    }

    private RevUpNet View(TilePlan plan)
    {
        if (_view is null || _view.Sample != plan.Tile)
        {
            _view?.Dispose();
            _view = null;
            _view = _net.At(plan.Tile);
        }
        if (_slab != plan.Slab)
        {
            // Weights are packed for slabs or for the whole.
            _view.Invalidate();
        }
        _slab = plan.Slab;
        Layer.SetSlabs(_view.Layers, plan.Slab);
        return _view;
    }

    // The part of a tile that lies in the volume, normalised; the rest is zero.
    private void Cut(ReadOnlySpan<float> volume, Shape shape, TileRun[] tile, Shape extents, Span<float> pixels)
    {
        pixels.Clear();
        int axes = shape.SpatialRank, channels = shape.Channels, width = extents.Extent(axes - 1);
        int taken = Math.Min(width, shape.Extent(axes - 1) - tile[^1].Start);
        foreach ((long inVolume, long inTile) in Rows(shape, tile.Select(run => run.Start), extents))
        {
            Span<float> row = pixels.Slice((int)inTile * channels, taken * channels);
            volume.Slice((int)inVolume * channels, row.Length).CopyTo(row);
            _normalization.Apply(row);
        }
    }

    // Of the tile's own positions: its halo does not count.
    private double CrossEntropy(
        TilePlan plan, TileRun[] tile, Tensor logits, ushort[] buffer, ReadOnlySpan<ushort> truth, Shape shape)
    {
        buffer.AsSpan().Fill(VoxelLabels.Ignored);
        foreach ((long inVolume, long inTile, int count) in InnerRows(plan, tile, shape))
        {
            truth.Slice((int)inVolume, count).CopyTo(buffer.AsSpan((int)inTile));
        }
        Arena memory = Backend.Memory;
        int classes = logits.Shape.Channels;
        Tensor labels = memory.Allocate(
            PositionsOf(plan.Tile), ElementType.UInt16, MemoryPurpose.Activations);
        Tensor totals = memory.Allocate(new Shape(1, 4), ElementType.Float64, MemoryPurpose.Workspace);
        Tensor overlaps = memory.Allocate(new Shape(1, 3, classes), ElementType.Float64, MemoryPurpose.Workspace);
        Backend.Upload<ushort>(buffer, labels);
        Backend.Fill(totals.AsFloats(), 0);
        Backend.Fill(overlaps.AsFloats(), 0);
        Backend.SegmentationSums(logits, labels, default, totals, overlaps);
        double[] sums = new double[4];
        Backend.Download<double>(totals, sums);
        memory.Free(overlaps);
        memory.Free(totals);
        memory.Free(labels);
        return sums[0];
    }

    private void Label(
        TilePlan plan, TileRun[] tile, Tensor logits, ushort[] buffer, ushort[] labels, Shape shape)
    {
        Arena memory = Backend.Memory;
        Tensor device = memory.Allocate(Positions(plan.Tile), ElementType.UInt16, MemoryPurpose.Activations);
        int classes = logits.Shape.Channels;
        Backend.ArgMax(logits.Reshape(new Shape((int)(logits.Count / classes), classes)), device);
        Backend.Download<ushort>(device, buffer);
        memory.Free(device);
        foreach ((long inVolume, long inTile, int count) in InnerRows(plan, tile, shape))
        {
            ReadOnlySpan<ushort> row = buffer.AsSpan((int)inTile, count);
            if (row.Contains(VoxelLabels.Ignored))
            {
                throw new ArgumentException(
                    $"the network's output at position {inVolume + row.IndexOf(VoxelLabels.Ignored)} is not a number. "
                    + "The volume is far from the training set; see that it is in the same unit.");
            }
            row.CopyTo(labels.AsSpan((int)inVolume));
        }
    }

    /// <summary>
    /// Rows of a tile's own positions that lie in the volume: first position in the volume and in
    /// the tile, and number.
    /// </summary>
    public static IEnumerable<(long InVolume, long InTile, int Count)> InnerRows(
        TilePlan plan, TileRun[] tile, Shape shape)
    {
        int axes = shape.SpatialRank;
        TileRun last = tile[^1];
        int count = Math.Min(last.End, shape.Extent(axes - 1)) - last.First;
        Shape inner = new([1, .. tile.Select(run => run.End - run.First), 1]);
        foreach ((long inVolume, long inInner) in Rows(shape, tile.Select(run => run.First), inner))
        {
            long place = inInner / inner.Extent(axes - 1);
            long at = last.First - last.Start, stride = plan.Tile.Extent(axes - 1);
            for (int axis = axes - 2; axis >= 0; axis--)
            {
                at += (place % inner.Extent(axis) + tile[axis].First - tile[axis].Start) * stride;
                place /= inner.Extent(axis);
                stride *= plan.Tile.Extent(axis);
            }
            yield return (inVolume, at, count);
        }
    }

    // Rows along the innermost axis of a box that lie in the volume: first position in the volume
    // and in the box.
    private static IEnumerable<(long InVolume, long InBox)> Rows(Shape volume, IEnumerable<int> starts, Shape box)
    {
        int[] first = [.. starts];
        int axes = volume.SpatialRank, width = box.Extent(axes - 1);
        for (long row = 0; row < box.Positions / width; row++)
        {
            long rest = row, at = first[axes - 1], stride = volume.Extent(axes - 1);
            bool isInside = first[axes - 1] < volume.Extent(axes - 1);
            for (int axis = axes - 2; axis >= 0; axis--)
            {
                long place = first[axis] + rest % box.Extent(axis);
                rest /= box.Extent(axis);
                isInside &= place < volume.Extent(axis);
                at += place * stride;
                stride *= volume.Extent(axis);
            }
            if (isInside)
            {
                yield return (at, row * width);
            }
        }
    }

    private static Shape Positions(Shape tile) => new(checked((int)tile.Positions));

    // [1, (D), H, W]
    private static Shape PositionsOf(Shape tile) =>
        new([1, .. Enumerable.Range(0, tile.SpatialRank).Select(tile.Extent)]);
}
