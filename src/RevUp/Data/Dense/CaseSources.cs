using RevUp.Tensors;

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

/// <summary>One part of a folder, to be looked through case by case.</summary>
internal interface ICaseSource : IDisposable
{
    /// <summary>Number of cases.</summary>
    int Count { get; }

    /// <summary>Names of the channels.</summary>
    IReadOnlyList<string> Channels { get; }

    /// <summary>Names of the classes.</summary>
    IReadOnlyList<string> Classes { get; }

    /// <summary>Files that are no cases.</summary>
    IReadOnlyList<DataFinding> Findings { get; }

    /// <summary>Reads a label map, and the image too where all is read.</summary>
    /// <exception cref="DataFileException">The case cannot be used.</exception>
    CaseFacts Look(int index, bool isFull);
}

/// <summary>Cases of nnU-Net's folder or the Decathlon's.</summary>
internal sealed class FileSource(SegmentationFolder folder, CaseFiles[] cases, bool hasFindings) : ICaseSource
{
    /// <summary>The parts of a folder; the first has its findings.</summary>
    public static IReadOnlyList<(string, ICaseSource)> Open(SegmentationFolder folder) =>
    [
        .. folder.Cases.GroupBy(files => files.Part).Select(
            (part, number) => (part.Key, (ICaseSource)new FileSource(folder, [.. part], number == 0))),
    ];

    public int Count => cases.Length;

    public IReadOnlyList<string> Channels => folder.Channels;

    public IReadOnlyList<string> Classes => folder.Labels.Names;

    public IReadOnlyList<DataFinding> Findings => hasFindings ? folder.Findings : [];

    public CaseFacts Look(int index, bool isFull)
    {
        Volumes.VolumeGrid grid;
        ushort[] labels;
        if (isFull)
        {
            SourceCase source = SourceCase.Read(cases[index], Channels.Count, folder.Labels);
            (grid, labels) = (source.Grid, source.Labels!);
        }
        else
        {
            (grid, labels) = (
                SourceCase.ReadGrid(cases[index].Images[0]), SourceCase.ReadLabels(cases[index], null, folder.Labels));
        }
        return CaseFacts.Of([grid.Extents.Depth, grid.Extents.Height, grid.Extents.Width], grid.Spacing, labels);
    }

    public void Dispose()
    {
    }
}

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

/// <summary>Images with masks, whose classes are not known before a recipe names them.</summary>
internal sealed class MaskSource(MaskFolder folder, IReadOnlyList<string>? names) : ICaseSource
{
    /// <summary>The parts of a folder.</summary>
    public static IReadOnlyList<(string, ICaseSource)> Open(string folder)
    {
        DatasetSplit[] splits = [DatasetSplit.Train, DatasetSplit.Validation, DatasetSplit.Test];
        return
        [
            .. splits.Where(split => MaskFolder.Find(folder, split) is not null).Select(split => (
                split.Text(),
                (ICaseSource)new MaskSource(
                    MaskFolder.Open(folder, split, channels: 3, ushort.MaxValue, ushort.MaxValue),
                    MaskFolder.NamesIn(folder)))),
        ];
    }

    public int Count => folder.Count;

    public IReadOnlyList<string> Channels => ["R", "G", "B"];

    public IReadOnlyList<string> Classes => names ?? [];

    public IReadOnlyList<DataFinding> Findings => folder.Findings;

    public CaseFacts Look(int index, bool isFull)
    {
        Shape extents = folder.Extents(index);
        if (isFull)
        {
            using DenseReader reader = folder.OpenReader();
            reader.Read(index, [0, 0], extents, new float[extents.Count], []);
        }
        return CaseFacts.Of([extents.Extent(0), extents.Extent(1)], [], folder.ReadMask(index));
    }

    public void Dispose() => folder.Dispose();
}
