namespace RevUp.Data.Dense;

/// <summary>Facts of one case.</summary>
/// <param name="Extents">Positions along (D,) H, W.</param>
/// <param name="Spacing">Millimetres along D, H, W; empty for images.</param>
/// <param name="Voxels">Positions by label.</param>
internal sealed record CaseFacts(double[] Extents, double[] Spacing, IReadOnlyDictionary<int, long> Voxels)
{
    /// <summary>Facts with the labels counted.</summary>
    public static CaseFacts Of(double[] extents, double[] spacing, ReadOnlySpan<ushort> labels)
    {
        long[] counts = new long[ushort.MaxValue + 1];
        foreach (ushort label in labels)
        {
            counts[label]++;
        }
        Dictionary<int, long> voxels = [];
        for (int label = 0; label < counts.Length; label++)
        {
            if (counts[label] > 0)
            {
                voxels.Add(label, counts[label]);
            }
        }
        return new CaseFacts(extents, spacing, voxels);
    }
}
