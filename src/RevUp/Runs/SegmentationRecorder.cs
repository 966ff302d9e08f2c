using RevUp.Data;
using RevUp.Data.Dense;
using RevUp.Data.Volumes;
using RevUp.Distributed;

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

    /// <summary>
    /// Compares one case, with pictures if they would be shown after the cases added so far.
    /// </summary>
    /// <inheritdoc cref="SegmentationTally.Compare"/>
    /// <param name="pixels">[D, H, W, C], as the network was given them or not.</param>
    /// <param name="source">
    /// The case on the voxels of its files, where it is measured then; pictures are of the given
    /// maps.
    /// </param>
    public ComparedCase Compare(
        string name, ReadOnlySpan<float> pixels, ushort[] predicted, ReadOnlySpan<ushort> truth,
        VolumeExtents extents, VolumeSpacing spacing, SourceLabels? source = null)
    {
        CaseMeasures measures = source is null
            ? _tally.Compare(name, predicted, truth, extents, spacing)
            : _tally.Compare(name, source.Restore(predicted), source.Labels, source.Extents, source.Spacing);
        CaseView? view = IsShown(measures.ForegroundDice)
            ? CaseView.Of(measures, pixels, predicted, truth, extents, spacing)
            : null;
        return new ComparedCase(measures, view);
    }

    /// <summary>Adds a case that this rank or another has compared.</summary>
    public void Add(ComparedCase compared)
    {
        _tally.Add(compared.Measures);
        if (compared.View is not { } view || !IsShown(view.ForegroundDice))
        {
            return;
        }
        Insert(_worst, view);
        Insert(_best, view);
        _worst.RemoveRange(Math.Min(views, _worst.Count), Math.Max(0, _worst.Count - views));
        _best.RemoveRange(0, Math.Max(0, _best.Count - views));
    }

    /// <summary>Makes the result of all ranks, which have added the same cases, complete.</summary>
    public void Join(Collective ranks) => _tally.Join(ranks);

    /// <summary>The result of what was added.</summary>
    /// <param name="part">Which part of the data it is.</param>
    /// <param name="step">Step of the checkpoint.</param>
    public SegmentationResult Complete(DatasetSplit part, long step) =>
        new(part, step, classes, _tally.Measure(), [.. _worst.Union(_best)]);

    private bool IsShown(double dice) => views > 0 && !double.IsNaN(dice)
        && (_worst.Count < views || dice < _worst[^1].ForegroundDice || dice > _best[0].ForegroundDice);

    private static void Insert(List<CaseView> sorted, CaseView view)
    {
        int place = sorted.FindIndex(other => other.ForegroundDice > view.ForegroundDice);
        sorted.Insert(place < 0 ? sorted.Count : place, view);
    }
}
