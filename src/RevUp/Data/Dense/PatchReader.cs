using RevUp.Data.Transforms;
using RevUp.Tensors;

namespace RevUp.Data.Dense;

/// <summary>Cuts samples from cases on one thread, augments and normalises them.</summary>
internal sealed class PatchReader(DensePatches patches, DenseSettings settings) : SampleReader
{
    private readonly VoxelIndex _patch = VoxelIndex.Of(patches.Sample);
    private readonly int _channels = patches.Sample.Channels;
    private CaseReader? _reader;
    private ChannelNormalization? _normalization;
    private float[] _pixels = [];
    private ushort[] _labels = [];

    /// <inheritdoc/>
    internal override void Write(int index, SampleKey key, SampleTransform transform, SampleRow row)
    {
        Span<float> destination = row.Values;
        Span<ushort> labels = row.Labels;
        CaseReader reader = ReaderFor(transform.Normalization);
        int number = patches.CaseOf(index);
        VoxelIndex origin = Place(reader, number, key);
        PatchAugmentation? augmentation = transform.Augmentation.Patch;
        CounterRandom shape = key.Draws(RandomStreams.PatchShape);
        if (augmentation is null
            || PatchMotion.Draw(ref shape, augmentation, _patch, patches.Cases.Spacing(number)) is not { } motion)
        {
            reader.Read(number, origin, _patch, destination, labels);
        }
        else
        {
            Move(reader, number, origin, motion, destination, labels);
        }
        if (augmentation is not null)
        {
            PatchValues.Change(key, augmentation, destination, _channels);
        }
        AxisMirror mirror = AxisMirror.Draw(key, transform.Augmentation);
        mirror.Apply(destination, patches.Sample);
        mirror.Apply(labels, new Shape([.. Enumerable.Range(0, patches.Sample.Rank - 1).Select(
            axis => patches.Sample[axis]), 1]));
    }

    /// <inheritdoc/>
    internal override void Measure(int index, ChannelStatistics statistics)
    {
        int channels = patches.Sample.Channels;
        ReaderFor(_normalization ?? new ChannelNormalization(
            new double[channels], [.. Enumerable.Repeat(1.0, channels)])).Measure(patches.CaseOf(index), statistics);
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        _reader?.Dispose();
        base.Dispose(disposing);
    }

    private CaseReader ReaderFor(ChannelNormalization normalization)
    {
        if (_reader is null || !ReferenceEquals(_normalization, normalization))
        {
            _reader?.Dispose();
            _reader = new CaseReader(patches.Cases, normalization);
            _normalization = normalization;
        }
        return _reader;
    }

    // First position of the patch. Always the same number of draws before the place itself.
    private VoxelIndex Place(CaseReader reader, int number, SampleKey key)
    {
        VoxelIndex extents = VoxelIndex.Of(patches.Cases.Extents(number));
        if (settings.Sampling == DenseSampling.Whole)
        {
            return VoxelIndex.From(axis => -((_patch[axis] - extents[axis]) / 2));
        }
        CounterRandom random = key.Draws(RandomStreams.PatchPlace);
        bool isForeground = random.NextDouble() < settings.ForegroundShare;
        if (isForeground && reader.TryDrawForeground(number, ref random, out VoxelIndex centre))
        {
            return VoxelIndex.From(
                axis => Within(centre[axis] - _patch[axis] / 2, extents[axis] - _patch[axis]));
        }
        (int depth, int height, int width) = (
            Uniform(ref random, extents.Depth - _patch.Depth),
            Uniform(ref random, extents.Height - _patch.Height),
            Uniform(ref random, extents.Width - _patch.Width));
        return new VoxelIndex(depth, height, width);
    }

    // A patch leaves the case on no side where it can; where it is larger, the case is in its
    // middle.
    private static int Within(int origin, int spare) => spare <= 0 ? -(-spare / 2) : Math.Clamp(origin, 0, spare);

    private static int Uniform(ref CounterRandom random, int spare)
    {
        int drawn = random.NextInt(Math.Max(spare, 0) + 1);
        return Within(drawn, spare);
    }

    private void Move(
        CaseReader reader,
        int number,
        VoxelIndex origin,
        PatchMotion motion,
        Span<float> destination,
        Span<ushort> labels)
    {
        (VoxelIndex first, VoxelIndex box) = motion.Source(origin, VoxelIndex.Of(patches.Cases.Extents(number)));
        int count = checked((int)box.Count);
        if (_labels.Length < count)
        {
            _pixels = GC.AllocateUninitializedArray<float>(checked(count * _channels));
            _labels = GC.AllocateUninitializedArray<ushort>(count);
        }
        Span<float> values = _pixels.AsSpan(0, count * _channels);
        Span<ushort> numbers = _labels.AsSpan(0, count);
        reader.Read(number, first, box, values, numbers);
        motion.Resample(origin, first, box, _channels, values, numbers, destination, labels);
    }
}
