using System.Runtime.InteropServices;

namespace RevUp.Data.Dense;

/// <summary>The numbers of a prepared case as bytes, little-endian.</summary>
internal static class CaseEncoding
{
    // Of each class; nnU-Net keeps as many.
    private const int MostIndexed = 10_000;

    /// <summary>Describes and encodes a case.</summary>
    /// <param name="prepared">With a label map.</param>
    /// <param name="part">"train", "validation" or "test".</param>
    /// <param name="classes">K.</param>
    /// <param name="isHalf">Whether values are float16.</param>
    public static (CaseRecord Record, byte[] Bytes) Encode(PreparedCase prepared, string part, int classes, bool isHalf)
    {
        int channels = prepared.Grid.Extents.Channels;
        long[] voxels = Count(prepared.Labels, classes);
        CaseRecord record = new(
            prepared.Name,
            part,
            [prepared.Grid.Extents.Depth, prepared.Grid.Extents.Height, prepared.Grid.Extents.Width],
            prepared.Grid.Spacing,
            prepared.Grid.Affine,
            prepared.Place,
            isHalf ? 2 : 4,
            classes <= byte.MaxValue ? 1 : 2,
            voxels,
            [.. voxels.Select(count => (int)Math.Min(count, MostIndexed))],
            prepared.SourceLabels.Length > 0);
        byte[] bytes = new byte[checked((int)record.Length(channels))];
        WritePixels(prepared.Pixels, bytes, isHalf);
        WriteLabels(prepared.Labels, record.LabelBytes, bytes.AsSpan((int)record.LabelsAt(channels)));
        WriteLabels(prepared.SourceLabels, record.LabelBytes, bytes.AsSpan((int)record.SourceAt(channels)));
        Index(prepared.Labels, record, MemoryMarshal.Cast<byte, int>(bytes.AsSpan(
            (int)record.IndexAt(channels), (int)(record.SourceAt(channels) - record.IndexAt(channels)))));
        return (record, bytes);
    }

    private static void WriteLabels(ReadOnlySpan<ushort> labels, int size, Span<byte> bytes)
    {
        if (size == sizeof(ushort))
        {
            MemoryMarshal.AsBytes(labels).CopyTo(bytes);
            return;
        }
        for (int i = 0; i < labels.Length; i++)
        {
            bytes[i] = (byte)labels[i]; // an ignored label keeps all its low bits
        }
    }

    private static void WritePixels(ReadOnlySpan<float> pixels, Span<byte> bytes, bool isHalf)
    {
        if (!isHalf)
        {
            MemoryMarshal.AsBytes(pixels).CopyTo(bytes);
            return;
        }
        Span<Half> halves = MemoryMarshal.Cast<byte, Half>(bytes[..(2 * pixels.Length)]);
        for (int i = 0; i < pixels.Length; i++)
        {
            halves[i] = (Half)pixels[i];
        }
    }

    /// <summary>Positions of each class; ignored ones are of none.</summary>
    public static long[] Count(ReadOnlySpan<ushort> labels, int classes)
    {
        long[] counts = new long[classes];
        foreach (ushort label in labels)
        {
            if (label != VoxelLabels.Ignored)
            {
                counts[label]++;
            }
        }
        return counts;
    }

    // Positions of each class, evenly over the case where there are more than fit.
    private static void Index(ReadOnlySpan<ushort> labels, CaseRecord record, Span<int> index)
    {
        int classes = record.Voxels.Count;
        int[] start = new int[classes], taken = new int[classes];
        long[] seen = new long[classes];
        for (int label = 1; label < classes; label++)
        {
            start[label] = start[label - 1] + record.Indexed[label - 1];
        }
        for (int i = 0; i < labels.Length; i++)
        {
            int label = labels[i];
            if (label != VoxelLabels.Ignored
                && taken[label] < record.Indexed[label]
                && seen[label]++ * record.Indexed[label] / record.Voxels[label] >= taken[label])
            {
                index[start[label] + taken[label]++] = i;
            }
        }
    }
}
