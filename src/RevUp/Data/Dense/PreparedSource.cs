using RevUp.Tensors;

namespace RevUp.Data.Dense;

/// <summary>Cases of 'revup data prepare dense'.</summary>
internal sealed class PreparedSource(PreparedCases cases) : ICaseSource
{
    /// <summary>The parts of a folder.</summary>
    public static IReadOnlyList<(string, ICaseSource)> Open(string folder) =>
    [
        .. PreparedFolder.Read(folder).Cases.Keys.Select(
            part => (part, (ICaseSource)new PreparedSource(PreparedCases.Open(folder, part)))),
    ];

    public int Count => cases.Count;

    public IReadOnlyList<string> Channels => [.. cases.Preparation.Channels.Select(rule => rule.Name)];

    public IReadOnlyList<string> Classes => cases.Classes;

    public IReadOnlyList<DataFinding> Findings => cases.Findings;

    public CaseFacts Look(int index, bool isFull)
    {
        Shape extents = cases.Extents(index);
        double[] sides = [.. Enumerable.Range(0, 3).Select(axis => (double)extents.Extent(axis))];
        float[] pixels = isFull ? new float[extents.Count] : [];
        ushort[] labels = new ushort[extents.Positions];
        using DenseReader reader = cases.OpenReader();
        reader.Read(index, [0, 0, 0], extents, pixels, labels);
        int bad = FiniteValues.IndexOfOther(pixels), outside = labels.AsSpan().IndexOfAnyExceptInRange(
            (ushort)0, (ushort)(Classes.Count - 1));
        if (bad >= 0 || (outside >= 0 && labels.Any(label => label >= Classes.Count && label != VoxelLabels.Ignored)))
        {
            throw new DataFileException(
                cases.Name(index),
                "the prepared case has a value that is not finite, or a label without a class; remove its two files "
                + "and run 'revup data prepare' again.");
        }
        return CaseFacts.Of(sides, [.. cases.Spacing(index)], labels);
    }

    public void Dispose() => cases.Dispose();
}
