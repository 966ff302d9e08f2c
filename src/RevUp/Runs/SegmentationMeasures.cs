using RevUp.Data.Dense;

namespace RevUp.Runs;

/// <summary>Agreement of predicted label maps with the true ones, over cases and classes.</summary>
/// <remarks>
/// Means over cases count every case once, however large, and leave out cases that have a class in
/// neither map: nnU-Net's summary. Pooled figures add up the voxels of all cases first, as is usual
/// for street scenes.
/// </remarks>
internal sealed class SegmentationMeasures
{
    private readonly long[] _confusion;

    /// <param name="classes">K, the number of classes.</param>
    /// <param name="cases">Each with K classes.</param>
    /// <param name="confusion">
    /// [K · K], a row for each true class; empty where it was not kept.
    /// </param>
    /// <param name="regions">Regions of the cases.</param>
    public SegmentationMeasures(
        int classes, IReadOnlyList<CaseMeasures> cases, long[] confusion, IReadOnlyList<ClassRegion> regions)
    {
        (Cases, _confusion, Regions) = (cases, confusion, regions);
        RegionDice =
        [
            .. regions.Select((region, r) => new RegionDice(
                region.Name, Means.Finite(cases.Select(measured => measured.RegionDice[r])))),
        ];
        int[] all = [.. Enumerable.Range(0, classes)];
        Dice = [.. all.Select(k => Mean(k, overlap => overlap.Dice))];
        Iou = [.. all.Select(k => Mean(k, overlap => overlap.Iou))];
        Hd95 = [.. all.Select(k => Mean(k, overlap => overlap.Hd95))];
        Pooled = [.. all.Select(Pool)];
        ForegroundDice = Means.Finite(Dice.Skip(1));
        PooledIou = Means.Finite(Pooled.Select(overlap => overlap.Iou));
    }

    /// <summary>Every case.</summary>
    public IReadOnlyList<CaseMeasures> Cases { get; }

    /// <summary>Mean Dice of each class over the cases.</summary>
    public IReadOnlyList<double> Dice { get; }

    /// <summary>Mean intersection over union of each class over the cases.</summary>
    public IReadOnlyList<double> Iou { get; }

    /// <summary>Mean HD95 of each class over the cases, in mm.</summary>
    public IReadOnlyList<double> Hd95 { get; }

    /// <summary>Unions of classes that are measured as well.</summary>
    public IReadOnlyList<ClassRegion> Regions { get; }

    /// <summary>Mean Dice of each region over the cases.</summary>
    public IReadOnlyList<RegionDice> RegionDice { get; }

    /// <summary>Voxels of all cases together, for each class; it has no HD95.</summary>
    public IReadOnlyList<ClassOverlap> Pooled { get; }

    /// <summary>Mean of <see cref="Dice"/> without the background, class 0.</summary>
    public double ForegroundDice { get; }

    /// <summary>Mean pooled intersection over union of all classes, the first included.</summary>
    public double PooledIou { get; }

    /// <summary>
    /// Voxels of each true class (rows) by the predicted one, [K][K]; empty above
    /// <see cref="ClassMeasures.MaximumConfusion"/> classes.
    /// </summary>
    public IReadOnlyList<IReadOnlyList<long>> Confusion => [.. _confusion.Chunk(Math.Max(1, Dice.Count))];

    /// <summary>The figures of curves.</summary>
    public SegmentationSummary Summary => new(Dice, PooledIou) { Regions = RegionDice };

    private double Mean(int k, Func<ClassOverlap, double> figure) =>
        Means.Finite(Cases.Select(measured => figure(measured.Classes[k])));

    private ClassOverlap Pool(int k) => Cases.Select(measured => measured.Classes[k]).Aggregate(
        new ClassOverlap(0, 0, 0, double.NaN, double.NaN),
        (sum, one) => sum with
        {
            TruePositives = sum.TruePositives + one.TruePositives,
            FalsePositives = sum.FalsePositives + one.FalsePositives,
            FalseNegatives = sum.FalseNegatives + one.FalseNegatives,
        });
}
