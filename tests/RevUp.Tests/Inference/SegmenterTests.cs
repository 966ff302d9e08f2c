namespace RevUp.Tests.Inference;

/// <summary>Tiles give the numbers of the whole, within the bytes they are given.</summary>
[TestClass]
public sealed class SegmenterTests
{
    private const long Plenty = 1L << 29;

    private static readonly ChannelNormalization s_normalization = new([0.5, 0.25], [0.25, 0.5]);

    /// <summary>
    /// Every plan of a volume whose extents the strides do not divide, against one tile for all:
    /// the sums of a convolution may come in another order, no more.
    /// </summary>
    [TestMethod]
    [DataRow(2, false, new[] { 90, 121 })]
    [DataRow(2, true, new[] { 90, 121 })]
    [DataRow(3, false, new[] { 37, 62, 45 })]
    public void TilesHaveTheLogitsOfTheWhole(int rank, bool isResidual, int[] extents)
    {
        using CpuBackend backend = new(threads: 2, capacity: 4L << 30);
        using RevUpNet net = Create(backend, rank, isResidual, classes: 5, stages: 5 - rank);
        Shape shape = new([1, .. extents, 2]);
        float[] volume = Volume(shape);
        using TiledInference tiles = new(net, s_normalization, Plenty);
        TilePlan[] plans = [.. tiles.Plans(shape)];
        plans = [.. plans, plans[plans.Length / 2].InSlabs(), plans[^1].InSlabs(), plans[0].InSlabs()];
        Assert.IsGreaterThan(6, plans.Length);
        Assert.AreEqual(1, plans[0].Count);
        float[] whole = Logits(tiles, plans[0], volume, shape);
        float range = whole.Max() - whole.Min();
        Assert.IsGreaterThan(0.1f, range, "The network must tell positions apart, or the test shows nothing.");
        foreach (TilePlan plan in (TilePlan[])[plans[1], plans[plans.Length / 2], .. plans[^4..]])
        {
            Assert.IsTrue(plan.Count > 1 || plan.Slab > 0);
            float[] logits = Logits(tiles, plan, volume, shape);
            double worst = whole.Zip(logits).Max(pair => Math.Abs((double)pair.First - pair.Second));
            Assert.IsLessThanOrEqualTo(1e-5 * range, worst, $"{plan.Tile}: {worst / range}");
            int[] expected = Largest(whole, net.Classes), labels = Largest(logits, net.Classes);
            int equal = expected.Zip(labels).Count(pair => pair.First == pair.Second);
            Assert.IsGreaterThanOrEqualTo(0.99999 * expected.Length, equal, $"{plan.Tile}");
        }
    }

    /// <summary>A tile taken slab by slab needs less, so that larger tiles fit.</summary>
    [TestMethod]
    public void SlabsOfATileTakeFewerBytes()
    {
        using CpuBackend backend = new(threads: 2, capacity: 1L << 30);
        using RevUpNet net = Create(backend, rank: 2, isResidual: false, classes: 3);
        Shape shape = new(1, 384, 96, 2);
        float[] volume = Volume(shape);
        long weights = backend.Memory.Use.Total, whole = 0;
        using (TiledInference tiles = new(net, s_normalization, Plenty))
        {
            TilePlan plan = tiles.Plans(shape).First();
            whole = Peak(tiles, plan);
            Assert.IsLessThan(0.7 * (whole - weights), Peak(tiles, plan.InSlabs()) - weights);
        }
        // Less than the picture takes as a whole: tiles in slabs have less halo to compute.
        using TiledInference bounded = new(net, s_normalization, weights + (long)(0.7 * (whole - weights)));
        TilePlan[] chosen = bounded.Affordable(bounded.Plans(shape), taken: 0);
        Assert.IsGreaterThan(0, chosen[0].Slab);
        Assert.IsLessThan(chosen.First(plan => plan.Slab == 0).Positions, chosen[0].Positions);
        Assert.IsLessThanOrEqualTo(weights + (long)(0.7 * (whole - weights)), Peak(bounded, chosen[0]));

        long Peak(TiledInference tiles, TilePlan plan) =>
            backend.Memory.PeakOf(() => Logits(tiles, plan, volume, shape));
    }

    /// <summary>Where the arena reaches for no tile as a whole: halos make them large.</summary>
    [TestMethod]
    public void SlabsSegmentWhereTheArenaReachesForNoWholeTile()
    {
        Shape shape = new(1, 64, 64, 64, 2);
        float[] volume = Volume(shape);
        ushort[] expected;
        long whole, slabs;
        using (CpuBackend roomy = new(threads: 2, capacity: 2L << 30))
        {
            using RevUpNet net = Create(roomy, rank: 3, isResidual: false, classes: 3, stages: 5);
            using TiledInference tiles = new(net, s_normalization, Plenty);
            TilePlan least = tiles.Plans(shape).Last();
            whole = roomy.Memory.PeakOf(() => Logits(tiles, least, volume, shape));
            slabs = roomy.Memory.PeakOf(() => Logits(tiles, least.InSlabs(), volume, shape));
            Assert.IsLessThan(whole - (2 << 20), slabs);
            expected = tiles.Segment(volume, shape);
        }
        using CpuBackend narrow = new(threads: 2, capacity: (whole + slabs) / 2);
        using RevUpNet same = Create(narrow, rank: 3, isResidual: false, classes: 3, stages: 5);
        using TiledInference bounded = new(same, s_normalization, Plenty);
        CollectionAssert.AreEqual(expected, bounded.Segment(volume, shape));
    }

    /// <summary>A halo of one alignment shows.</summary>
    [TestMethod]
    public void TheHaloIsNeeded()
    {
        using CpuBackend backend = new(threads: 2, capacity: 1L << 30);
        using RevUpNet net = Create(backend, rank: 2, isResidual: false, classes: 3);
        ReceptiveField field = NetworkReach.Of(net)[0];
        ReceptiveField narrow = field with
        {
            Before = field.Alignment,
            After = field.Alignment,
        };
        Shape shape = new(1, 96, 96, 2);
        float[] volume = Volume(shape);
        using TiledInference tiles = new(net, s_normalization, Plenty);
        float[] whole = Logits(tiles, tiles.Plans(shape).First(), volume, shape);
        float[] cut = Logits(tiles, TilePlan.Candidates(shape, [narrow, narrow]).Last(), volume, shape);
        double worst = whole.Zip(cut).Max(pair => Math.Abs((double)pair.First - pair.Second));
        Assert.IsGreaterThan(1e-5 * (whole.Max() - whole.Min()), worst);
    }

    /// <summary>
    /// Instance normalisation sees the whole volume: what a tile would compute differs, and the
    /// volume goes through whole.
    /// </summary>
    [TestMethod]
    public void InstanceNormalizationTakesVolumesWhole()
    {
        using TemporaryFolder folder = new();
        using CpuBackend backend = new(threads: 2, capacity: 1L << 30);
        using RevUpNet net = Create(backend, rank: 2, isResidual: true, classes: 3, norm: Normalization.InstanceNorm);
        Save(net, folder["net.safetensors"]);
        Shape shape = new(1, 90, 121, 2);
        float[] volume = Volume(shape);
        using TiledInference tiles = new(net, s_normalization, Plenty);
        TilePlan[] plans = [.. tiles.Plans(shape)];
        float[] whole = Logits(tiles, plans[0], volume, shape), cut = Logits(tiles, plans[^1], volume, shape);
        double worst = whole.Zip(cut).Max(pair => Math.Abs((double)pair.First - pair.Second));
        Assert.IsGreaterThan(1e-3 * (whole.Max() - whole.Min()), worst, "a hundred times what rounding does");
        int[] expected = Largest(whole, net.Classes);
        using Segmenter segmenter = Segmenter.Load(folder["net.safetensors"], memory: Plenty);
        CollectionAssert.AreEqual(expected, segmenter.Segment(volume, shape).Select(label => (int)label).ToArray());
        using TiledInference bounded = new(net, s_normalization, backend.Memory.Use.Total + (1 << 18));
        string message = Assert.ThrowsExactly<ArenaExhaustedException>(() => bounded.Segment(volume, shape)).Message;
        Assert.Contains("for a volume [1, 90, 121, 2] as a whole", message);
        Assert.Contains("tiles would give other numbers; give more memory. It takes about ", message);
        Shape small = new(1, 16, 16, 2);
        Assert.HasCount((int)small.Positions, bounded.Segment(Volume(small), small));
    }

    /// <summary>
    /// 100 classes in a quarter of the bytes that the whole volume's logits alone would take.
    /// </summary>
    [TestMethod]
    public void TheBytesAreKept()
    {
        const int Classes = 100;
        using TemporaryFolder folder = new();
        Shape shape = new(1, 96, 96, 96, 2);
        long logits = shape.Positions * Classes * sizeof(float), memory = logits / 4;
        using (CpuBackend backend = new(threads: 2, capacity: 1L << 30))
        {
            using RevUpNet net = Create(backend, rank: 3, isResidual: false, Classes, stages: 2);
            Save(net, folder["net.safetensors"]);
        }
        float[] volume = Volume(shape);
        long peak = 0;
        CpuBackend? own = null;
        using Segmenter bounded = Segmenter.Load(
            folder["net.safetensors"], () => own = new CpuBackend(threads: 2, capacity: memory), memory);
        ushort[] labels = bounded.Segment(volume, shape);
        peak = own!.Memory.TotalPeak;
        Assert.IsLessThanOrEqualTo(memory, peak);
        Assert.IsGreaterThan(memory / 4, peak, "The bytes that are there are used.");
        using Segmenter free = Segmenter.Load(folder["net.safetensors"], memory: 3L << 30);
        ushort[] expected = free.Segment(volume, shape);
        int equal = expected.Zip(labels).Count(pair => pair.First == pair.Second);
        Assert.IsGreaterThanOrEqualTo(0.99999 * expected.Length, equal);
        Assert.IsGreaterThan(10, expected.Distinct().Count());
    }

    [TestMethod]
    public void ThreadsAndVolumesOfSeveralExtentsGetTheSameLabels()
    {
        using TemporaryFolder folder = new();
        using CpuBackend backend = TestRuns.Backend();
        using RevUpNet net = Create(backend, rank: 2, isResidual: false, classes: 3);
        Save(net, folder["net.safetensors"]);
        using Segmenter segmenter = Segmenter.Load(folder["net.safetensors"], () => TestRuns.Backend());
        Assert.AreEqual(net.Sample, segmenter.Sample);
        CollectionAssert.AreEqual((string[])["class 0", "class 1", "class 2"], segmenter.Classes.ToArray());
        Shape[] shapes = [new(1, 16, 24, 2), new(1, 5, 7, 2), new(1, 41, 3, 2)];
        ushort[][] serial = [.. shapes.Select(shape => segmenter.Segment(Volume(shape), shape))];
        for (int i = 0; i < shapes.Length; i++)
        {
            Assert.HasCount((int)shapes[i].Positions, serial[i]);
        }
        Parallel.For(0, 12, i => CollectionAssert.AreEqual(
            serial[i % 3], segmenter.Segment(Volume(shapes[i % 3]), shapes[i % 3])));
    }

    [TestMethod]
    [DataRow(0, 2, float.NaN, "value 5 of the volume is NaN")]
    [DataRow(1, 2, 0f, "49 numbers are not the 50 of [1, 5, 5, 2]")]
    [DataRow(0, 1, 0f, "does not fit a network trained on [1, 16, 16, 2]")]
    [DataRow(0, 2, 3e38f, "is not a number")]
    public void WrongVolumesAreRefused(int missing, int channels, float value, string message)
    {
        using TemporaryFolder folder = new();
        using CpuBackend backend = TestRuns.Backend();
        using RevUpNet net = Create(backend, rank: 2, isResidual: false, classes: 3);
        Save(net, folder["net.safetensors"]);
        using Segmenter segmenter = Segmenter.Load(folder["net.safetensors"], () => TestRuns.Backend());
        Shape shape = new(1, 5, 5, channels);
        float[] volume = new float[shape.Count - missing];
        volume[5] = value;
        ArgumentException exception = Assert.ThrowsExactly<ArgumentException>(() => segmenter.Segment(volume, shape));
        Assert.Contains(message, exception.Message);
        Assert.HasCount(25, segmenter.Segment(new float[50], new Shape(1, 5, 5, 2)), "usable afterwards");
    }

    [TestMethod]
    public void TooFewBytesAreNamed()
    {
        using TemporaryFolder folder = new();
        using CpuBackend backend = TestRuns.Backend();
        using RevUpNet net = Create(backend, rank: 3, isResidual: false, classes: 3);
        Save(net, folder["net.safetensors"]);
        using Segmenter segmenter = Segmenter.Load(folder["net.safetensors"], memory: 4 << 20);
        Shape shape = new(1, 100, 100, 100, 2);
        string message = Assert.ThrowsExactly<ArenaExhaustedException>(
            () => segmenter.Segment(Volume(shape), shape)).Message;
        Assert.Contains("4194304 bytes do not reach for a tile of a volume [1, 100, 100, 100, 2]", message);
    }

    [TestMethod]
    public void EachTaskNamesTheOther()
    {
        using TemporaryFolder folder = new();
        using CpuBackend backend = TestRuns.Backend();
        using RevUpNet net = Create(backend, rank: 2, isResidual: false, classes: 3);
        Save(net, folder["net.safetensors"]);
        Assert.Contains("Segmenter.Load", Assert.ThrowsExactly<CheckpointException>(
            () => Predictor.Load(folder["net.safetensors"])).Message);
        TestModel model = TestModel.Get(TestModel.Squeeze);
        using RevUpNet classifier = new(backend, model.Settings, model.Sample, TestModel.Classes, seed: 1);
        Checkpoint.SaveModel(
            classifier, folder["other.safetensors"], new ChannelNormalization([0, 0, 0], [1, 1, 1]), ["a", "b", "c"]);
        Assert.Contains("Predictor.Load", Assert.ThrowsExactly<CheckpointException>(
            () => Segmenter.Load(folder["other.safetensors"])).Message);
    }

    // Weights drawn at random, zero layers too.
    private static RevUpNet Create(
        CpuBackend backend, int rank, bool isResidual, int classes, int stages = 3,
        Normalization norm = Normalization.Fixup)
    {
        ModelSettings settings = new()
        {
            Task = ModelTask.Segmentation,
            Block = isResidual ? RevUp.Reversible.BlockKind.Residual : RevUp.Reversible.BlockKind.Invertible,
            Normalization = norm,
            Downsampling = Downsampling.Strided,
            Stages = [.. Enumerable.Range(0, stages).Select(i => new StageSettings { Channels = 4 << i, Blocks = 1 })],
        };
        Shape sample = new([1, .. Enumerable.Repeat(Math.Max(16, 1 << (stages - 1)), rank), 2]);
        RevUpNet net = new(backend, settings, sample, classes, seed: 1);
        float[] values = new float[net.Parameters.Values.Count];
        Random random = new(7);
        foreach (ref float value in values.AsSpan())
        {
            value = (random.NextSingle() - 0.5f) / 2;
        }
        backend.Upload<float>(values, net.Parameters.Values);
        return net;
    }

    private static void Save(RevUpNet net, string path) => Checkpoint.SaveModel(
        net, path, s_normalization, [.. Enumerable.Range(0, net.Classes).Select(k => $"class {k}")]);

    private static float[] Volume(Shape shape)
    {
        Random random = new(3);
        return [.. Enumerable.Range(0, (int)shape.Count).Select(_ => random.NextSingle())];
    }

    private static float[] Logits(TiledInference tiles, TilePlan plan, float[] volume, Shape shape)
    {
        int axes = shape.SpatialRank;
        float[] all = [];
        tiles.Run(plan, volume, shape, (tile, logits) =>
        {
            int classes = logits.Shape.Channels;
            all = all.Length > 0 ? all : new float[shape.Positions * classes];
            float[] own = new float[logits.Count];
            tiles.Backend.Download<float>(logits, own);
            for (long i = 0; i < logits.Shape.Positions; i++)
            {
                long rest = i, at = 0, stride = 1;
                bool isTaken = true;
                for (int axis = axes - 1; axis >= 0; axis--)
                {
                    long place = tile[axis].Start + rest % plan.Tile.Extent(axis);
                    rest /= plan.Tile.Extent(axis);
                    isTaken &= place >= tile[axis].First && place < Math.Min(tile[axis].End, shape.Extent(axis));
                    at += place * stride;
                    stride *= shape.Extent(axis);
                }
                if (isTaken)
                {
                    own.AsSpan((int)(i * classes), classes).CopyTo(all.AsSpan((int)(at * classes)));
                }
            }
        });
        return all;
    }

    private static int[] Largest(float[] logits, int classes) =>
        [.. logits.Chunk(classes).Select(row => Array.IndexOf(row, row.Max()))];
}
