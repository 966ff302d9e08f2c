namespace RevUp.Tests.Data.Dense;

/// <summary>Preparation of cases: its rules, its files, and its restart.</summary>
[TestClass]
public sealed class CasePreparerTests
{
    [TestMethod]
    public void CasesAreCroppedAndNormalisedAndLieWhereTheyLay()
    {
        using TemporaryFolder folder = new();
        CaseFolder.WriteNnUNet(folder.Path);
        SegmentationFolder source = SegmentationFolder.Read(folder.Path);
        using PreparedCases cases = CasePreparer.InMemory(source, "train", [], 1 << 20);
        Assert.AreEqual(4, cases.Count);
        CollectionAssert.AreEqual(new double[] { 2, 1, 1.5 }, cases.Spacing(0).ToArray());
        Assert.IsTrue(cases.Preparation.IsMasked); // 441 voxels of 1,320 or more are not 0
        Assert.AreEqual(new Shape(1, 7, 7, 9, 1), cases.Extents(2));
        CaseRecord record = cases.Record(2);
        CollectionAssert.AreEqual(new[] { 1, 2, 1 }, record.Place.Origin.ToArray());
        CollectionAssert.AreEqual(new[] { 10, 11, 14 }, record.Place.Source.ToArray());
        Assert.IsNull(cases.ReadSource(2), "its voxels are the files'");
        // Voxel (0, 0, 0) is voxel (1, 2, 1) of the file: 1.5 · 1 − 3, 2 + 4, 2 · 1 + 2.
        CollectionAssert.AreEqual(new[] { 1.5, 0, 0, -1.5, 0, 1, 0, 6, 0, 0, 2, 4 }, record.Affine!.ToArray());
        (float[] pixels, ushort[] labels) = Read(cases, 2);
        double[] raw = [.. Enumerable.Range(0, 441).Select(
            i => CaseFolder.Value(2, i % 9 + 1, i / 9 % 7 + 2, i / 63 + 1))];
        double mean = raw.Average(), deviation = Math.Sqrt(raw.Average(value => (value - mean) * (value - mean)));
        for (int i = 0; i < raw.Length; i++)
        {
            Assert.AreEqual((raw[i] - mean) / deviation, pixels[i], 2e-3); // float16 below 4
            Assert.AreEqual(CaseFolder.Label(i % 9 + 1, i / 9 % 7 + 2, i / 63 + 1), labels[i]);
        }
        CollectionAssert.AreEqual(
            labels.CountBy(label => label).OrderBy(pair => pair.Key).Select(pair => (long)pair.Value).ToArray(),
            record.Voxels.ToArray());
    }

    [TestMethod]
    public void CtIsClippedAndScaledByTheForegroundOfTheSet()
    {
        using TemporaryFolder folder = new();
        CaseFolder.WriteNnUNet(folder.Path, channel: "CT");
        SegmentationFolder source = SegmentationFolder.Read(folder.Path);
        using PreparedCases cases = CasePreparer.InMemory(source, "train", [], 1 << 20);
        List<double> foreground = [];
        for (int number = 0; number < 4; number++)
        {
            for (int i = 0; i < 1000; i++)
            {
                (int x, int y, int z) = (i % 10, i / 10 % 10, i / 100);
                if (CaseFolder.Label(x, y, z) > 0)
                {
                    foreground.Add(CaseFolder.Value(number, x, y, z));
                }
            }
        }
        foreground.Sort();
        double mean = foreground.Average();
        double deviation = Math.Sqrt(foreground.Average(value => (value - mean) * (value - mean)));
        double place = 0.995 * (foreground.Count - 1);
        double most = foreground[(int)place] + place % 1 * (foreground[(int)place + 1] - foreground[(int)place]);
        ChannelRule rule = cases.Preparation.Channels.Single();
        Assert.AreEqual(mean, rule.Mean, 1e-6 * mean);
        Assert.AreEqual(deviation, rule.Deviation, 1e-6 * deviation);
        Assert.AreEqual(most, rule.Most, 1e-6 * most);
        (float[] pixels, _) = Read(cases, 3);
        Assert.AreEqual((most - mean) / deviation, pixels.Max(), 2e-3);
        double corner = CaseFolder.Value(3, 1, 2, 1);
        Assert.AreEqual((Math.Clamp(corner, rule.Least, rule.Most) - mean) / deviation, pixels[0], 2e-3);
    }

    [TestMethod]
    public void AFolderHoldsTheSameNumbersAndGoesOnWhereItStopped()
    {
        using TemporaryFolder folder = new();
        CaseFolder.WriteNnUNet(folder["in"], channels: 2);
        SegmentationFolder source = SegmentationFolder.Read(folder["in"]);
        using CancellationTokenSource stop = new();
        Assert.ThrowsExactly<OperationCanceledException>(() => CasePreparer.Prepare(
            source, folder["out"], [1, 1, 1], isSingle: false, Stop(stop, after: 6), stop.Token));
        Assert.Contains(
            "2 of 4 cases are not prepared yet",
            Assert.ThrowsExactly<DataFileException>(() => PreparedCases.Open(folder["out"], "train")).Message);
        DateTime first = File.GetLastWriteTimeUtc(PreparedFolder.Numbers(folder["out"], "a"));
        // As a kill leaves them: half a file under its temporary name, and numbers without a
        // record.
        File.WriteAllText(PreparedFolder.Numbers(folder["out"], "c") + ".incomplete", "half");
        File.WriteAllText(PreparedFolder.Numbers(folder["out"], "d"), "half");
        CasePreparer.Prepare(source, folder["out"], [1, 1, 1], isSingle: false, (_, _) => { }, default);
        Assert.AreEqual(first, File.GetLastWriteTimeUtc(PreparedFolder.Numbers(folder["out"], "a")));
        using PreparedCases there = PreparedCases.Open(folder["out"], "train");
        using PreparedCases memory = CasePreparer.InMemory(source, "train", [1, 1, 1], 1 << 20);
        Assert.AreEqual(4, there.Count);
        for (int index = 0; index < 4; index++)
        {
            Assert.AreEqual(memory.Extents(index), there.Extents(index));
            Assert.AreEqual(new Shape(1, 14, 7, 14, 2), there.Extents(index)); // 7 · 2, 7 · 1, 9 · 1.5
            CollectionAssert.AreEqual(Read(memory, index).Pixels, Read(there, index).Pixels);
            CollectionAssert.AreEqual(Read(memory, index).Labels, Read(there, index).Labels);
        }
        DataFileException other = Assert.ThrowsExactly<DataFileException>(
            () => CasePreparer.Prepare(source, folder["out"], [2, 1, 1], false, (_, _) => { }, default));
        Assert.Contains("name a new folder", other.Message);
    }

    /// <summary>Twice as fine along D and half as fine along W.</summary>
    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public void AResampledCaseKeepsTheLabelsOfItsFiles(bool isInMemory)
    {
        using TemporaryFolder folder = new();
        CaseFolder.WriteNnUNet(folder["in"]);
        SegmentationFolder source = SegmentationFolder.Read(folder["in"]);
        CasePreparer.Prepare(source, folder["out"], [1, 1, 3], isSingle: false, (_, _) => { }, default);
        using PreparedCases cases = isInMemory
            ? CasePreparer.InMemory(source, "train", [1, 1, 3], 1 << 20)
            : PreparedCases.Open(folder["out"], "train");
        SourceLabels read = cases.ReadSource(2)!;
        Assert.AreEqual((new VolumeExtents(10, 11, 14, 1), new VolumeSpacing(2, 1, 1.5)), (read.Extents, read.Spacing));
        ushort[] restored = read.Restore(Read(cases, 2).Labels);
        Assert.HasCount(read.Labels.Length, restored);
        int different = 0;
        for (int i = 0; i < restored.Length; i++)
        {
            int label = CaseFolder.Label(i % 14, i / 14 % 11, i / 154);
            Assert.AreEqual(label, read.Labels[i]);
            different += restored[i] == label ? 0 : 1;
        }
        // 125 voxels of the box; the faces across W and the core of two voxels are lost.
        Assert.IsLessThan(60, different);
    }

    [TestMethod]
    public void BoxesAndForegroundPositionsAreReadFromTheFile()
    {
        using TemporaryFolder folder = new();
        CaseFolder.WriteNnUNet(folder["in"]);
        SegmentationFolder source = SegmentationFolder.Read(folder["in"]);
        CasePreparer.Prepare(source, folder["out"], [], isSingle: true, (_, _) => { }, default);
        using PreparedCases cases = PreparedCases.Open(folder["out"], "train");
        (float[] whole, ushort[] map) = Read(cases, 1);
        using DenseReader reader = cases.OpenReader();
        float[] pixels = new float[2 * 3 * 4];
        ushort[] labels = new ushort[pixels.Length];
        reader.Read(1, [2, 1, 3], new Shape(1, 2, 3, 4, 1), pixels, labels);
        for (int i = 0; i < pixels.Length; i++)
        {
            int from = ((i / 12 + 2) * 7 + i / 4 % 3 + 1) * 9 + i % 4 + 3;
            Assert.AreEqual(whole[from], pixels[i]);
            Assert.AreEqual(map[from], labels[i]);
        }
        Dictionary<long, int> found = [];
        for (int draw = 0; draw < 400; draw++)
        {
            CounterRandom random = new(1, 2, draw);
            Assert.IsTrue(reader.TryDrawForeground(cases, 1, ref random, out long position));
            found[position] = found.GetValueOrDefault(position) + 1;
        }
        Assert.IsTrue(found.Keys.All(position => map[position] > 0));
        // Class 2 is two voxels, and every second draw is one of them.
        Assert.AreEqual(200, found.Where(pair => map[pair.Key] == 2).Sum(pair => pair.Value), 30);
    }

    [TestMethod]
    public void MemoryIsBounded()
    {
        using TemporaryFolder folder = new();
        CaseFolder.WriteNnUNet(folder.Path);
        SegmentationFolder source = SegmentationFolder.Read(folder.Path);
        DataFileException refused = Assert.ThrowsExactly<DataFileException>(
            () => CasePreparer.InMemory(source, "train", [], 2000));
        Assert.Contains("data.cacheBytes", refused.Message);
        Assert.Contains("'revup data prepare dense'", refused.Message);
    }

    [TestMethod]
    public void ACoarseAxisTakesTheNearestPlane()
    {
        DensePreparation rules = new([2, 1, 1], [new ChannelRule("MRI", ChannelRuleKind.None)], false);
        VolumeGrid grid = new(new(2, 3, 3, 1), [4, 1, 1], null);
        float[] pixels = [.. Enumerable.Range(0, 18).Select(i => (float)(i < 9 ? 1 : 5))];
        PreparedCase prepared = rules.Apply(new SourceCase(pixels, new ushort[18], grid), "p");
        CollectionAssert.AreEqual(
            new[] { 1f, 1, 5, 5 }, Enumerable.Range(0, 4).Select(d => prepared.Pixels[9 * d]).ToArray());
        PreparedCase isotropic = (rules with { Spacing = [1, 1, 1] }).Apply(
            new SourceCase([.. pixels], new ushort[18], grid with { Spacing = [2, 1, 1] }), "p");
        Assert.IsTrue(isotropic.Pixels[9] is > 1 and < 5);
    }

    private static Action<int, int> Stop(CancellationTokenSource stop, int after) => (done, _) =>
    {
        if (done == after)
        {
            stop.Cancel();
        }
    };

    private static (float[] Pixels, ushort[] Labels) Read(PreparedCases cases, int index)
    {
        Shape extents = cases.Extents(index);
        float[] pixels = new float[extents.Count];
        ushort[] labels = new ushort[extents.Positions];
        using DenseReader reader = cases.OpenReader();
        reader.Read(index, [0, 0, 0], extents, pixels, labels);
        return (pixels, labels);
    }
}
