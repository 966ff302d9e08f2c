using RevUp.Data;
using RevUp.Data.Dense;
using RevUp.Data.Volumes;

namespace RevUp.Runs;

/// <summary>
/// Gathers the cases of an evaluation: their measures, and pictures of the worst and the best.
/// </summary>
/// <param name="classes">Names of the K classes.</param>
/// <param name="views">Number of cases with pictures at either end; 0 for none.</param>
/// <param name="measuresDistances">Whether HD95 is measured.</param>
/// <param name="regions">Unions of classes that are measured as well; null for none.</param>
internal sealed class SegmentationRecorder(
    IReadOnlyList<string> classes, int views = 3, bool measuresDistances = true,
    IReadOnlyList<ClassRegion>? regions = null)
{
    private readonly SegmentationTally _tally = new(classes.Count, measuresDistances, regions);

    // In the order of their Dice, at most `views` from either end.
    private readonly List<CaseView> _worst = [];
    private readonly List<CaseView> _best = [];

    /// <summary>Adds one case.</summary>
    /// <inheritdoc cref="SegmentationTally.Add"/>
    /// <param name="pixels">[D, H, W, C], as the network was given them or not.</param>
    /// <param name="source">
    /// The case on the voxels of its files, where it is measured then; pictures are of the given
    /// maps.
    /// </param>
    public void Add(
        string name, ReadOnlySpan<float> pixels, ushort[] predicted, ReadOnlySpan<ushort> truth,
        VolumeExtents extents, VolumeSpacing spacing, SourceLabels? source = null)
    {
        CaseMeasures measures = source is null
            ? _tally.Add(name, predicted, truth, extents, spacing)
            : _tally.Add(name, source.Restore(predicted), source.Labels, source.Extents, source.Spacing);
        double dice = measures.ForegroundDice;
        bool isShown = views > 0 && !double.IsNaN(dice) && (_worst.Count < views
            || dice < _worst[^1].ForegroundDice || dice > _best[0].ForegroundDice);
        if (!isShown)
        {
            return;
        }
        CaseView view = CaseView.Of(measures, pixels, predicted, truth, extents, spacing);
        Insert(_worst, view);
        Insert(_best, view);
        _worst.RemoveRange(Math.Min(views, _worst.Count), Math.Max(0, _worst.Count - views));
        _best.RemoveRange(0, Math.Max(0, _best.Count - views));
    }

    /// <summary>The result of what was added.</summary>
    /// <param name="part">Which part of the data it is.</param>
    /// <param name="step">Step of the checkpoint.</param>
    public SegmentationResult Complete(DatasetSplit part, long step) =>
        new(part, step, classes, _tally.Measure(), [.. _worst.Union(_best)]);

    private static void Insert(List<CaseView> sorted, CaseView view)
    {
        int place = sorted.FindIndex(other => other.ForegroundDice > view.ForegroundDice);
        sorted.Insert(place < 0 ? sorted.Count : place, view);
    }
}
