using System.Globalization;

namespace RevUp.Data.Dense;

/// <summary>Content of a folder of cases with label maps, all label maps read.</summary>
/// <param name="Kind">The kind, as a recipe's data.dataset names it.</param>
/// <param name="Parts">Those that there are.</param>
internal sealed record DenseSummary(DatasetKind Kind, IReadOnlyList<DensePart> Parts)
{
    /// <summary>Whether a kind of data has label maps in files.</summary>
    public static bool Has(DatasetKind kind) => kind is DatasetKind.SegmentationFolder or DatasetKind.MaskFolder;

    /// <summary>Reads a folder.</summary>
    /// <param name="folder">The whole dataset.</param>
    /// <param name="kind">SegmentationFolder or MaskFolder.</param>
    /// <param name="isFull">
    /// Whether images are read in full too, and not their headers alone.
    /// </param>
    /// <param name="progress">Takes the number of cases that are done and of all.</param>
    /// <param name="stop">Ends it early.</param>
    /// <exception cref="DataFileException">The folder itself is missing or damaged.</exception>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    public static DenseSummary Read(
        string folder,
        DatasetKind kind,
        bool isFull = false,
        Action<int, int>? progress = null,
        CancellationToken stop = default)
    {
        IReadOnlyList<(string Name, ICaseSource Cases)> sources =
            kind == DatasetKind.MaskFolder ? MaskSource.Open(folder)
            : File.Exists(PreparedFolder.PathIn(folder)) ? PreparedSource.Open(folder)
            : FileSource.Open(SegmentationFolder.Read(folder));
        int all = sources.Sum(source => source.Cases.Count), done = 0;
        List<DensePart> parts = [];
        foreach ((string name, ICaseSource cases) in sources)
        {
            using (cases)
            {
                parts.Add(Look(name, cases, isFull, () => progress?.Invoke(++done, all), stop));
            }
        }
        return new DenseSummary(kind, parts);
    }

    private static DensePart Look(
        string name, ICaseSource cases, bool isFull, Action progress, CancellationToken stop)
    {
        SortedDictionary<int, long> voxels = [];
        List<double[]> extents = [], spacings = [];
        List<string> damaged = [];
        for (int index = 0; index < cases.Count; index++)
        {
            stop.ThrowIfCancellationRequested();
            try
            {
                CaseFacts facts = cases.Look(index, isFull);
                extents.Add(facts.Extents);
                spacings.Add(facts.Spacing);
                foreach ((int label, long count) in facts.Voxels)
                {
                    voxels[label] = voxels.GetValueOrDefault(label) + count;
                }
            }
            catch (DataFileException problem)
            {
                damaged.Add(problem.Message);
            }
            progress();
        }
        VoxelCount[] classes =
        [
            .. Enumerable.Range(0, cases.Classes.Count).Select(
                label => new VoxelCount(cases.Classes[label], voxels.GetValueOrDefault(label))),
            .. voxels.Where(pair => pair.Key >= cases.Classes.Count).Select(
                pair => new VoxelCount(
                    pair.Key == VoxelLabels.Ignored ? "(ignored)" : pair.Key.ToString(CultureInfo.InvariantCulture),
                    pair.Value)),
        ];
        return new DensePart(
            name, cases.Count, cases.Channels, Range(extents), Range(spacings), classes, damaged, cases.Findings);
    }

    // Least, median and most along each axis; nothing of nothing.
    private static AxisRange[] Range(List<double[]> values) => values.Count == 0 || values[0].Length == 0 ? [] :
    [
        .. Enumerable.Range(0, values[0].Length).Select(axis =>
        {
            double[] sorted = [.. values.Select(each => each[axis]).Order()];
            return new AxisRange(
                sorted[0], (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2, sorted[^1]);
        }),
    ];
}

/// <summary>One part of a dataset with label maps.</summary>
/// <param name="Name">"train", "validation" or "test".</param>
/// <param name="Cases">All there are.</param>
/// <param name="Channels">Names of the C channels.</param>
/// <param name="Extents">Positions along (D,) H, W over the cases.</param>
/// <param name="Spacing">Millimetres along D, H, W; none for images.</param>
/// <param name="Classes">
/// In the order of the labels, then the ignored positions and numbers without a class.
/// </param>
/// <param name="Damaged">A message for each case that cannot be used.</param>
/// <param name="Findings">Files that are no cases.</param>
internal sealed record DensePart(
    string Name,
    int Cases,
    IReadOnlyList<string> Channels,
    IReadOnlyList<AxisRange> Extents,
    IReadOnlyList<AxisRange> Spacing,
    IReadOnlyList<VoxelCount> Classes,
    IReadOnlyList<string> Damaged,
    IReadOnlyList<DataFinding> Findings);

/// <summary>Positions of one class.</summary>
internal sealed record VoxelCount(string Name, long Voxels);

/// <summary>A number along one axis over all cases.</summary>
internal sealed record AxisRange(double Least, double Median, double Most);
