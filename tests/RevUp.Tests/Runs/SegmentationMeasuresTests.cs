using System.Runtime.InteropServices;

namespace RevUp.Tests.Runs;

/// <summary>Masks against the definitions, and surface distances against scipy.</summary>
[TestClass]
public sealed class SegmentationMeasuresTests
{
    private static readonly VolumeSpacing s_spacing = new(2.5, 0.75, 1);

    /// <summary>Random maps of four classes, one of them ignored here and there.</summary>
    [TestMethod]
    [DataRow(1, 7, 9)]
    [DataRow(6, 1, 5)]
    [DataRow(5, 6, 7)]
    [DataRow(2, 17, 33)]
    public void FiguresAreThoseOfTheDefinition(int depth, int height, int width)
    {
        const int Classes = 4;
        VolumeExtents extents = new(depth, height, width, 1);
        Random random = new(depth * height);
        ushort[] truth = Labels(random, extents, Classes), predicted = Labels(random, extents, Classes);
        for (int i = 0; i < truth.Length; i += 11)
        {
            truth[i] = VoxelLabels.Ignored;
        }
        SegmentationTally tally = new(Classes);
        tally.Add(tally.Compare("case", predicted, truth, extents, s_spacing));
        SegmentationMeasures measures = tally.Measure();

        for (int k = 0; k < Classes; k++)
        {
            bool[] t = [.. truth.Select(label => label == k)];
            bool[] p = [.. predicted.Zip(truth, (label, other) => label == k && other != VoxelLabels.Ignored)];
            int both = t.Zip(p).Count(pair => pair is (true, true));
            int either = t.Zip(p).Count(pair => pair.First || pair.Second);
            ClassOverlap overlap = measures.Cases[0].Classes[k];
            Assert.AreEqual(2.0 * both / (t.Count(mask => mask) + p.Count(mask => mask)), overlap.Dice, 1e-12);
            Assert.AreEqual((double)both / either, overlap.Iou, 1e-12);
            Assert.AreEqual(t.Count(mask => mask) * 1.875, overlap.TrueVolume, 1e-9);
            Assert.AreEqual(p.Count(mask => mask) * 1.875, overlap.PredictedVolume, 1e-9);
            Assert.AreEqual(BruteForce(p, t, extents), overlap.Hd95, 1e-5, $"class {k}");
            for (int j = 0; j < Classes; j++)
            {
                int expected = truth.Zip(predicted).Count(pair => pair.First == k && pair.Second == j);
                Assert.AreEqual(expected, measures.Confusion[k][j]);
            }
        }
    }

    /// <summary>
    /// Distances are at most 120 mm here; two roundings of a square in float32 are 1.2e-7 of it.
    /// </summary>
    [TestMethod]
    public void SurfaceDistancesAreThoseOfScipy()
    {
        using TemporaryFolder folder = new();
        string[] lines =
            PythonOracle.Run("tests/RevUp.Tests/Runs/surface_oracle.py", "python3-scipy", folder.Path);
        Assert.HasCount(24, lines);
        for (int number = 0; number < lines.Length; number++)
        {
            double[] words =
                [.. lines[number].Split(' ').Select(word => double.Parse(word, CultureInfo.InvariantCulture))];
            VolumeExtents extents = new((int)words[0], (int)words[1], (int)words[2], 1);
            ReadOnlySpan<ushort> maps =
                MemoryMarshal.Cast<byte, ushort>(File.ReadAllBytes(folder[$"{number}.labels"]));
            SegmentationTally tally = new(2);
            tally.Add(tally.Compare(
                "case", maps[..(maps.Length / 2)], maps[(maps.Length / 2)..], extents,
                new VolumeSpacing(words[3], words[4], words[5])));
            double hd95 = tally.Measure().Cases[0].Classes[1].Hd95;
            Assert.AreEqual(words[6], hd95, 1e-6 * words[6], lines[number]);
        }
    }

    [TestMethod]
    public void AbsentClassesAreLeftOutAndMissedOnesCostTheDiagonal()
    {
        VolumeExtents extents = new(3, 4, 5, 1);
        ushort[] truth = new ushort[60], predicted = new ushort[60];
        (truth[0], truth[1], predicted[2]) = (1, 1, 2);
        SegmentationTally tally = new(4);
        tally.Add(tally.Compare("first", predicted, truth, extents, s_spacing));
        tally.Add(tally.Compare("second", truth, truth, extents, s_spacing));
        SegmentationMeasures measures = tally.Measure();

        double diagonal = Math.Sqrt(5 * 5 + 2.25 * 2.25 + 4 * 4);
        ClassOverlap[] first = [.. measures.Cases[0].Classes];
        Assert.AreEqual((0, diagonal), (first[1].Dice, first[1].Hd95), "missed");
        Assert.AreEqual((0, diagonal), (first[2].Dice, first[2].Hd95), "invented");
        Assert.AreEqual((double.NaN, double.NaN), (first[3].Dice, first[3].Hd95), "absent");
        Assert.AreEqual((1, 0), (measures.Cases[1].Classes[1].Dice, measures.Cases[1].Classes[1].Hd95));
        CollectionAssert.AreEqual((double[])[0.5, 0, double.NaN], measures.Dice.Skip(1).ToArray());
        Assert.AreEqual(0.25, measures.ForegroundDice, "of the two classes that any case has");
        Assert.AreEqual(0, measures.Cases[0].ForegroundDice);
        Assert.AreEqual(0.5, measures.Pooled[1].Iou);
        Assert.AreEqual((57.0 + 58) / (60 + 58) / 3 + 0.5 / 3, measures.PooledIou, 1e-12);
        Assert.AreEqual(diagonal / 2, measures.Hd95[1]);
    }

    /// <summary>
    /// Counted by hand. The whole has 5 true voxels and 4 found ones, 3 of them right although one
    /// has another class. The core has 2 and 2, and 1 right. The ignored voxel counts nowhere.
    /// </summary>
    [TestMethod]
    public void ARegionIsTheUnionOfItsClasses()
    {
        ClassRegion[] regions = [new("whole", [1, 2, 3]), new("core", [2, 3]), new("far", [4])];
        SegmentationTally tally = new(5, regions: regions);
        ushort[] truth = [0, 1, 1, 1, 2, 3, 0, VoxelLabels.Ignored];
        ushort[] found = [0, 1, 0, 0, 2, 1, 2, 3];
        VolumeExtents extents = new(1, 2, 4, 1);
        tally.Add(tally.Compare("case", found, truth, extents, s_spacing));
        tally.Add(tally.Compare("without them", new ushort[8], new ushort[8], extents, s_spacing));
        tally.Add(tally.Compare("found", [3, 0, 0, 0, 0, 0, 0, 0], [3, 0, 0, 0, 0, 0, 0, 0], extents, s_spacing));

        SegmentationMeasures measures = tally.Measure();
        CollectionAssert.AreEqual((double[])[6.0 / 9, 2.0 / 4, double.NaN], measures.Cases[0].RegionDice.ToArray());
        CollectionAssert.AreEqual(
            (RegionDice[])[new("whole", (6.0 / 9 + 1) / 2), new("core", 0.75), new("far", double.NaN)],
            measures.RegionDice.ToArray());
    }

    [TestMethod]
    public void WithoutDistancesTheRestIsTheSame()
    {
        VolumeExtents extents = new(2, 3, 4, 1);
        ushort[] truth = Labels(new Random(1), extents, 2), predicted = Labels(new Random(2), extents, 2);
        SegmentationTally with = new(2), without = new(2, measuresDistances: false);
        with.Add(with.Compare("case", predicted, truth, extents, s_spacing));
        without.Add(without.Compare("case", predicted, truth, extents, s_spacing));
        Assert.AreEqual(
            with.Measure().Cases[0].Classes[1] with { Hd95 = double.NaN }, without.Measure().Cases[0].Classes[1]);
    }

    [TestMethod]
    [DataRow(3, 0, 1.0, "voxel 5 of 'case' has the label 3 in the predicted map; labels are below 3")]
    [DataRow(0, 7, 1.0, "voxel 5 of 'case' has the label 7 in the true map; labels are below 3")]
    [DataRow(65535, 0, 1.0, "voxel 5 of 'case' has the label 65535 in the predicted map")]
    [DataRow(0, 0, 0.0, "is not positive along every axis")]
    [DataRow(0, 0, double.NaN, "is not positive along every axis")]
    public void WrongMapsAreNamed(int predictedLabel, int trueLabel, double spacing, string message)
    {
        ushort[] predicted = new ushort[8], truth = new ushort[8];
        (predicted[5], truth[5]) = ((ushort)predictedLabel, (ushort)trueLabel);
        ArgumentException exception = Assert.ThrowsExactly<ArgumentException>(() => new SegmentationTally(3).Compare(
            "case", predicted, truth, new VolumeExtents(2, 2, 2, 1), new VolumeSpacing(spacing, 1, 1)));
        Assert.Contains(message, exception.Message);
    }

    [TestMethod]
    public void MapsOfAnotherSizeAreRefused()
    {
        ArgumentException exception = Assert.ThrowsExactly<ArgumentException>(() => new SegmentationTally(3).Compare(
            "case", new ushort[8], new ushort[9], new VolumeExtents(2, 2, 2, 1), s_spacing));
        Assert.Contains("8 and 9 voxels, and 2 × 2 × 2 are 8", exception.Message);
    }

    private static ushort[] Labels(Random random, VolumeExtents extents, int classes) =>
    [
        .. Enumerable.Range(0, (int)extents.Count).Select(
            _ => (ushort)Math.Max(0, random.Next(2 * classes) - classes)),
    ];

    private static double BruteForce(bool[] first, bool[] second, VolumeExtents extents)
    {
        (int D, int H, int W)[] a = Surface(first, extents), b = Surface(second, extents);
        double[] sorted =
            [.. a.Select(at => Nearest(at, b)).Concat(b.Select(at => Nearest(at, a))).Order()];
        double rank = 0.95 * (sorted.Length - 1);
        int low = (int)rank;
        return sorted[low] + (rank - low) * (sorted[Math.Min(low + 1, sorted.Length - 1)] - sorted[low]);
    }

    private static double Nearest((int D, int H, int W) at, (int D, int H, int W)[] others) => others.Min(other =>
    {
        double d = (at.D - other.D) * s_spacing.Depth, h = (at.H - other.H) * s_spacing.Height;
        double w = (at.W - other.W) * s_spacing.Width;
        return Math.Sqrt(d * d + h * h + w * w);
    });

    private static (int D, int H, int W)[] Surface(bool[] mask, VolumeExtents extents)
    {
        bool Is(int d, int h, int w) => d >= 0 && h >= 0 && w >= 0 && d < extents.Depth && h < extents.Height
            && w < extents.Width && mask[(d * extents.Height + h) * extents.Width + w];
        return
        [
            .. from d in Enumerable.Range(0, extents.Depth)
               from h in Enumerable.Range(0, extents.Height)
               from w in Enumerable.Range(0, extents.Width)
               where Is(d, h, w) && !(Is(d, h - 1, w) && Is(d, h + 1, w) && Is(d, h, w - 1) && Is(d, h, w + 1)
                   && (extents.Depth == 1 || (Is(d - 1, h, w) && Is(d + 1, h, w))))
               select (d, h, w),
        ];
    }
}
