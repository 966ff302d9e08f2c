namespace RevUp.Data.Dense;

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
