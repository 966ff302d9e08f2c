using System.Runtime.InteropServices;
using RevUp.Data.Volumes;
using RevUp.Tensors;

namespace RevUp.Data.Dense;

/// <summary>Prepared cases, in a folder of 'revup data prepare' or in memory.</summary>
internal sealed class PreparedCases : DenseDataset
{
    private readonly (CaseRecord Record, CaseBytes Bytes)[] _cases;
    private readonly IReadOnlyList<DataFinding> _findings;

    public PreparedCases(
        DensePreparation preparation,
        CaseLabels labels,
        (CaseRecord, CaseBytes)[] cases,
        IReadOnlyList<DataFinding> findings)
    {
        (Preparation, Labels, _cases, _findings) = (preparation, labels, cases, findings);
    }

    /// <summary>Opens one part of a prepared folder.</summary>
    /// <exception cref="DataFileException">
    /// The folder is damaged, or its preparation stopped before the end.
    /// </exception>
    public static PreparedCases Open(string folder, string part)
    {
        PreparedFolder prepared = PreparedFolder.Read(folder);
        IReadOnlyList<string> names = prepared.Cases.GetValueOrDefault(part) ?? [];
        int all = prepared.Cases.Values.Sum(each => each.Count);
        int missing = prepared.Cases.Values.Sum(
            each => each.Count(name => !File.Exists(PreparedFolder.Record(folder, name))));
        if (missing > 0)
        {
            throw new DataFileException(
                folder,
                $"{missing} of {all} cases are not prepared yet; run 'revup data prepare dense {prepared.Source} "
                + $"{folder}' again, which goes on where it stopped.");
        }
        int channels = prepared.Preparation.Channels.Count;
        (CaseRecord, CaseBytes)[] cases =
        [
            .. names.Select(name => prepared.ReadRecord(folder, name)).Select(record => (
                record, new CaseBytes(PreparedFolder.Numbers(folder, record.Name), record.Length(channels)))),
        ];
        return new PreparedCases(prepared.Preparation, prepared.Labels, cases, []);
    }

    /// <inheritdoc/>
    public override int Count => _cases.Length;

    /// <inheritdoc/>
    public override int Channels => Preparation.Channels.Count;

    /// <inheritdoc/>
    public override IReadOnlyList<string> Classes => Labels.Names;

    /// <inheritdoc/>
    public override bool HasBackground => Labels.Values[0] == 0;

    /// <summary>The classes and their numbers in label maps.</summary>
    public CaseLabels Labels { get; }

    /// <inheritdoc/>
    internal override bool IsNormalized => true;

    /// <inheritdoc/>
    internal override DensePreparation Preparation { get; }

    /// <inheritdoc/>
    internal override IReadOnlyList<int> LabelValues => Labels.Values;

    /// <inheritdoc/>
    internal override IReadOnlyList<ClassRegion> Regions => Labels.Regions ?? [];

    /// <inheritdoc/>
    internal override IReadOnlyList<DataFinding> Findings => _findings;

    /// <inheritdoc/>
    internal override SourceLabels? ReadSource(int index)
    {
        (CaseRecord record, CaseBytes bytes) = _cases[index];
        if (!record.HasSource)
        {
            return null;
        }
        CropPlace place = record.Place;
        ushort[] labels = GC.AllocateUninitializedArray<ushort>((int)record.SourcePositions);
        int plane = place.Source[1] * place.Source[2];
        for (int d = 0; d < place.Source[0]; d++)
        {
            long from = record.SourceAt(Channels) + (long)d * plane * record.LabelBytes;
            DecodeLabels(
                bytes.Slice(from, plane * record.LabelBytes), record.LabelBytes, labels.AsSpan(d * plane, plane));
        }
        VolumeExtents prepared = new(record.Extents[0], record.Extents[1], record.Extents[2], 1);
        VolumeSpacing spacing = new(place.Spacing[0], place.Spacing[1], place.Spacing[2]);
        return new SourceLabels(
            labels, place.SourceExtents, spacing, predicted => Preparation.Restore(predicted, prepared, place));
    }

    /// <summary>As the preparation counted them.</summary>
    internal override IReadOnlyList<long> CountLabels(int index, DenseReader reader) => Record(index).Voxels;

    /// <summary>Description of a case.</summary>
    public CaseRecord Record(int index) => _cases[index].Record;

    /// <inheritdoc/>
    public override Shape Extents(int index)
    {
        IReadOnlyList<int> extents = Record(index).Extents;
        return new Shape(1, extents[0], extents[1], extents[2], Channels);
    }

    /// <inheritdoc/>
    public override IReadOnlyList<double> Spacing(int index) => Preparation.Spacing;

    /// <inheritdoc/>
    public override string Name(int index) => Record(index).Name;

    /// <inheritdoc/>
    public override DenseReader OpenReader() => new Reader(this);

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        foreach ((_, CaseBytes bytes) in _cases)
        {
            bytes.Dispose();
        }
        base.Dispose(disposing);
    }

    private sealed class Reader(PreparedCases cases) : DenseReader
    {
        public override void Read(
            int index, ReadOnlySpan<int> origin, Shape box, Span<float> pixels, Span<ushort> labels)
        {
            (CaseRecord record, CaseBytes bytes) = cases._cases[index];
            (int channels, int height, int width) = (cases.Channels, box.Extent(1), box.Extent(2));
            long labelsAt = record.LabelsAt(channels);
            for (int row = 0; row < box.Extent(0) * height; row++)
            {
                long line = (origin[0] + row / height) * (long)record.Extents[1] + origin[1] + row % height;
                long first = line * record.Extents[2] + origin[2];
                if (!pixels.IsEmpty)
                {
                    int count = width * channels;
                    ReadOnlySpan<byte> stored = bytes.Slice(
                        first * channels * record.ChannelBytes, count * record.ChannelBytes);
                    Decode(stored, record.ChannelBytes, pixels.Slice(row * count, count));
                }
                if (!labels.IsEmpty)
                {
                    ReadOnlySpan<byte> stored = bytes.Slice(
                        labelsAt + first * record.LabelBytes, width * record.LabelBytes);
                    DecodeLabels(stored, record.LabelBytes, labels.Slice(row * width, width));
                }
            }
        }

        internal override bool TryDrawForeground(
            DenseDataset dataset, int index, ref CounterRandom random, out long position)
        {
            (CaseRecord record, CaseBytes bytes) = cases._cases[index];
            int[] present =
            [
                .. Enumerable.Range(0, record.Indexed.Count).Where(
                    label => label >= cases.FirstForeground && record.Indexed[label] > 0),
            ];
            position = 0;
            if (present.Length == 0)
            {
                return false;
            }
            int chosen = present[random.NextInt(present.Length)];
            long entry = record.Indexed.Take(chosen).Sum(count => (long)count) + random.NextInt(record.Indexed[chosen]);
            long at = record.IndexAt(cases.Channels) + sizeof(int) * entry;
            position = MemoryMarshal.Read<int>(bytes.Slice(at, sizeof(int)));
            return true;
        }

        private static void Decode(ReadOnlySpan<byte> stored, int size, Span<float> values)
        {
            if (size == sizeof(float))
            {
                MemoryMarshal.Cast<byte, float>(stored).CopyTo(values);
                return;
            }
            ReadOnlySpan<Half> halves = MemoryMarshal.Cast<byte, Half>(stored);
            for (int i = 0; i < values.Length; i++)
            {
                values[i] = (float)halves[i];
            }
        }
    }

    private static void DecodeLabels(ReadOnlySpan<byte> stored, int size, Span<ushort> labels)
    {
        if (size == sizeof(ushort))
        {
            MemoryMarshal.Cast<byte, ushort>(stored).CopyTo(labels);
            return;
        }
        for (int i = 0; i < labels.Length; i++)
        {
            labels[i] = stored[i] == byte.MaxValue ? VoxelLabels.Ignored : stored[i];
        }
    }
}
