using RevUp.Tensors;

namespace RevUp.Data.Dense;

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
