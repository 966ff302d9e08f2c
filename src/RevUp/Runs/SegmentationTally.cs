using RevUp.Data;
using RevUp.Data.Dense;
using RevUp.Data.Volumes;
using RevUp.Distributed;

namespace RevUp.Runs;

/// <summary>Gathers label maps of an evaluation into <see cref="SegmentationMeasures"/>.</summary>
/// <param name="classes">K.</param>
/// <param name="measuresDistances">
/// Whether HD95 is measured; without it a case costs one pass over its voxels.
/// </param>
/// <param name="regions">Unions of classes; a case costs one more pass for each.</param>
internal sealed class SegmentationTally(
    int classes, bool measuresDistances = true, IReadOnlyList<ClassRegion>? regions = null)
{
    private readonly bool _hasConfusion = classes <= ClassMeasures.MaximumConfusion;
    private readonly long[] _confusion = classes <= ClassMeasures.MaximumConfusion ? new long[classes * classes] : [];
    private readonly List<CaseMeasures> _cases = [];
    private readonly SurfaceDistance _surfaces = new();
    private readonly IReadOnlyList<ClassRegion> _regions = regions ?? [];

    /// <summary>Adds a case that this rank or another has compared.</summary>
    public void Add(CaseMeasures measures) => _cases.Add(measures);

    /// <summary>Compares the label maps of one case and adds its voxels to the confusion.</summary>
    /// <param name="name">The case.</param>
    /// <param name="predicted">[D, H, W], each label below K.</param>
    /// <param name="truth">
    /// [D, H, W], each label below K, or <see cref="VoxelLabels.Ignored"/>: such a voxel belongs to
    /// no class in either map.
    /// </param>
    /// <param name="extents">D, H, W; D is 1 for a picture.</param>
    /// <param name="spacing">From voxel to voxel in mm, all positive.</param>
    /// <returns>Measures of the case alone.</returns>
    /// <exception cref="ArgumentException">
    /// A map has another number of voxels or a label that is no class, or a spacing is not
    /// positive.
    /// </exception>
    public CaseMeasures Compare(
        string name, ReadOnlySpan<ushort> predicted, ReadOnlySpan<ushort> truth, VolumeExtents extents,
        VolumeSpacing spacing)
    {
        Require(predicted, truth, extents, spacing);
        long[] found = new long[classes], actual = new long[classes], right = new long[classes];
        for (int i = 0; i < truth.Length; i++)
        {
            (int t, int p) = (truth[i], predicted[i]);
            if (p >= classes || (t >= classes && t != VoxelLabels.Ignored))
            {
                throw new ArgumentException(
                    $"voxel {i} of '{name}' has the label {(p >= classes ? p : t)} in the "
                    + $"{(p >= classes ? "predicted" : "true")} map; labels are below {classes}.");
            }
            if (t == VoxelLabels.Ignored)
            {
                continue;
            }
            actual[t]++;
            found[p]++;
            right[t] += t == p ? 1 : 0;
            if (_hasConfusion)
            {
                _confusion[t * classes + p]++;
            }
        }
        VoxelBox[] boxes = measuresDistances ? VoxelBox.OfClasses(predicted, truth, extents, classes) : [];
        double volume = spacing.Depth * spacing.Height * spacing.Width;
        ClassOverlap[] overlaps = new ClassOverlap[classes];
        for (int k = 0; k < classes; k++)
        {
            ClassOverlap overlap = new(right[k], found[k] - right[k], actual[k] - right[k], volume, double.NaN);
            overlaps[k] = !measuresDistances
                ? overlap
                : overlap with { Hd95 = Distance(k, overlap, boxes[k], predicted, truth, extents, spacing) };
        }
        double[] dice = new double[_regions.Count];
        for (int region = 0; region < dice.Length; region++)
        {
            dice[region] = DiceOf(_regions[region], predicted, truth);
        }
        return new CaseMeasures(name, overlaps, dice);
    }

    /// <summary>Adds the confusions of all ranks, on each; cases are added one by one.</summary>
    public void Join(Collective ranks)
    {
        if (ranks.IsAlone || !_hasConfusion)
        {
            return;
        }
        byte[][] parts = ranks.Gather(MemoryMarshal.AsBytes<long>(_confusion).ToArray(), "the confusion of classes");
        Array.Clear(_confusion);
        foreach (byte[] part in parts)
        {
            ReadOnlySpan<long> counts = MemoryMarshal.Cast<byte, long>(part);
            for (int i = 0; i < counts.Length; i++)
            {
                _confusion[i] += counts[i];
            }
        }
    }

    /// <summary>The measures of what was added.</summary>
    public SegmentationMeasures Measure() => new(classes, [.. _cases], [.. _confusion], _regions);

    // Of the unions of the region's masks.
    private double DiceOf(ClassRegion region, ReadOnlySpan<ushort> predicted, ReadOnlySpan<ushort> truth)
    {
        bool[] isInside = new bool[classes];
        foreach (int label in region.Labels)
        {
            isInside[label] = true;
        }
        (long both, long sum) = (0, 0);
        for (int i = 0; i < truth.Length; i++)
        {
            if (truth[i] != VoxelLabels.Ignored)
            {
                (bool t, bool p) = (isInside[truth[i]], isInside[predicted[i]]);
                both += t && p ? 1 : 0;
                sum += (t ? 1 : 0) + (p ? 1 : 0);
            }
        }
        return 2.0 * both / sum;
    }

    private double Distance(
        int k, ClassOverlap overlap, VoxelBox box, ReadOnlySpan<ushort> predicted, ReadOnlySpan<ushort> truth,
        VolumeExtents extents, VolumeSpacing spacing)
    {
        bool isTrue = overlap.TruePositives + overlap.FalseNegatives > 0;
        bool isFound = overlap.TruePositives + overlap.FalsePositives > 0;
        if (!isTrue || !isFound)
        {
            return isTrue || isFound ? Diagonal(extents, spacing) : double.NaN;
        }
        if (overlap.FalsePositives + overlap.FalseNegatives == 0)
        {
            return 0;
        }
        Span<byte> marks = _surfaces.Marks(box.Extents);
        int at = 0;
        for (int row = 0; row < box.Extents.Depth * box.Extents.Height; row++)
        {
            int start = box.RowStart(row, extents);
            for (int i = start; i < start + box.Extents.Width; i++)
            {
                bool counts = truth[i] != VoxelLabels.Ignored;
                marks[at++] = (byte)((truth[i] == k ? SurfaceDistance.Truth : 0)
                    | (counts && predicted[i] == k ? SurfaceDistance.Predicted : 0));
            }
        }
        return _surfaces.Measure(box.Extents, extents.Depth == 1, spacing);
    }

    private static double Diagonal(VolumeExtents extents, VolumeSpacing spacing)
    {
        double depth = (extents.Depth - 1) * spacing.Depth, height = (extents.Height - 1) * spacing.Height;
        double width = (extents.Width - 1) * spacing.Width;
        return Math.Sqrt(depth * depth + height * height + width * width);
    }

    private static void Require(
        ReadOnlySpan<ushort> predicted, ReadOnlySpan<ushort> truth, VolumeExtents extents, VolumeSpacing spacing)
    {
        double voxels = (extents with { Channels = 1 }).Count;
        if (predicted.Length != voxels || truth.Length != voxels)
        {
            throw new ArgumentException(
                $"The label maps have {predicted.Length} and {truth.Length} voxels, and {extents.Depth} × "
                + $"{extents.Height} × {extents.Width} are {voxels}.");
        }
        if (!(spacing.Depth > 0 && spacing.Height > 0 && spacing.Width > 0))
        {
            throw new ArgumentException($"The spacing {spacing} is not positive along every axis; give it in mm.");
        }
    }
}
