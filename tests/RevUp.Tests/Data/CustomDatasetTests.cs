using RevUp.Data.Transforms;

namespace RevUp.Tests.Data;

/// <summary>A program that trains on its own data.</summary>
[TestClass]
public sealed class CustomDatasetTests : FolderTest
{
    private static readonly string[] Custom =
        [
            "data={\"dataset\":\"custom\",\"extents\":[8,8],\"channels\":1,\"classes\":2}",
            "training.batchSize=4",
            "training.epochs=1",
        ];

    [TestMethod]
    public void ARunTrainsAndEvaluatesOnDatasetsOfTheCaller()
    {
        using CpuBackend backend = new();
        using Stripes train = new(100), test = new(10);
        using TrainingRun run = new(backend, SmallRecipe.Create(Custom), Folder.Path, resume: false, train, test);
        RunSummary summary = run.Run(null, CancellationToken.None);
        Assert.AreEqual((25, 10), (summary.Step, summary.Evaluation.Samples));
        Assert.IsGreaterThan(0, train.Reads);
        using LoadedCheckpoint loaded = Checkpoint.Load(backend, Folder.Path);
        Assert.AreEqual(train.Sample, loaded.Network.Sample);
    }

    [TestMethod]
    public void ARunTrainsOnFloatsInTheirOwnUnits()
    {
        using CpuBackend backend = new();
        using Ramps train = new(100), test = new(10);
        string[] sets = [.. Custom, "data.flip=true"];
        using TrainingRun run = new(backend, SmallRecipe.Create(sets), Folder.Path, resume: false, train, test);
        RunSummary summary = run.Run(null, CancellationToken.None);
        Assert.AreEqual((25, 10), (summary.Step, summary.Evaluation.Samples));
        using LoadedCheckpoint loaded = Checkpoint.Load(backend, Folder.Path);
        // Values are 1000 · label + column.
        ChannelNormalization normalization = loaded.Normalization;
        Assert.AreEqual(503.5, normalization.Mean[0], 1e-9);
        Assert.AreEqual(Math.Sqrt(500.0 * 500 + 5.25), normalization.Deviation[0], 1e-6);

        using SampleReader reader = train.OpenReader();
        SampleKey key = Enumerable.Range(0, 32).Select(position => new SampleKey(1, 0, position))
            .First(candidate => AxisMirror.Draw(candidate, new Augmentation { Flip = true }).Width);
        float[] plain = Read(new Augmentation()), mirrored = Read(new Augmentation { Flip = true });
        Assert.AreEqual((float)((1000 + 5 - normalization.Mean[0]) / normalization.Deviation[0]), plain[5], 1e-6f);
        CollectionAssert.AreEqual(plain.Take(8).Reverse().ToArray(), mirrored.Take(8).ToArray());

        float[] Read(Augmentation augmentation) =>
            reader.Read(1, key, new SampleTransform(augmentation, normalization), train.Sample);
    }

    [TestMethod]
    public void FloatsTakeNoAugmentationOfImagesAndMustBeWhole()
    {
        using Ramps ramps = new(2);
        using SampleReader reader = ramps.OpenReader();
        ChannelNormalization normalization = new([0], [1]);
        Assert.Contains(
            "samples of floats",
            Assert.ThrowsExactly<ConfigurationException>(() => reader.Read(
                0, default, new SampleTransform(new Augmentation { Padding = 2 }, normalization), ramps.Sample))
                .Message);
        Assert.AreEqual(
            "Reader read 63 numbers for sample -1, and a sample [1, 8, 8, 1] has 64.",
            Assert.ThrowsExactly<InvalidOperationException>(() => reader.Read(
                -1, default, new SampleTransform(new Augmentation(), normalization), ramps.Sample)).Message);
    }

    [TestMethod]
    public void SamplesThatTheRecipeDoesNotStateAreRefused()
    {
        using CpuBackend backend = new();
        using Stripes train = new(100);
        using SyntheticDataset other = SyntheticDataset.Create(8, new Shape(1, 8, 8, 3), classes: 2, seed: 1);
        string message = Assert.ThrowsExactly<ConfigurationException>(
            () =>
                new TrainingRun(backend, SmallRecipe.Create(Custom), Folder.Path, resume: false, train, other)).Message;
        Assert.AreEqual(
            "The test set has samples [1, 8, 8, 3] in 2 classes, and the recipe states [1, 8, 8, 1] in 2; give "
            + "data.extents, data.channels and data.classes the set's, with data.dataset 'custom' for a set of your "
            + "own.", message);
    }

    [TestMethod]
    public void TheToolCannotOpenWhatOnlyAProgramHas() => Assert.Contains(
        "data.dataset is 'custom'",
        Assert.ThrowsExactly<ConfigurationException>(
            () => Datasets.Open(SmallRecipe.Create(Custom).Data, DatasetSplit.Train)).Message);

    [TestMethod]
    public void ArraysInMemoryMustFitTheirShapeAndTheirClasses()
    {
        Shape sample = new(1, 2, 2, 1);
        Assert.ThrowsExactly<ArgumentException>(() => new MemoryDataset(new byte[7], new byte[2], sample, ["a"]));
        string label = Assert.ThrowsExactly<ArgumentException>(
            () => new MemoryDataset(new byte[8], new byte[] { 0, 7 }, sample, ["a"])).Message;
        Assert.StartsWith("Label 7 of sample 1 is none of the 1 classes;", label);
        string none = Assert.ThrowsExactly<ArgumentException>(
            () => new MemoryDataset(new byte[8], new byte[2], sample, [])).Message;
        Assert.StartsWith("There are no classes;", none);
        using MemoryDataset fitting = new(new byte[8], new byte[] { 0, 1 }, sample, ["a", "b"]);
        Assert.AreEqual((2, "sample 1"), (fitting.Count, fitting.Name(1)));
    }

    // The example in the documentation of ImageDataset.
    private sealed class Stripes(int count) : ImageDataset
    {
        private int _reads;

        public int Reads => _reads;

        public override int Count => count;

        public override IReadOnlyList<string> Classes => ["dark", "bright"];

        public override Shape Sample => new(1, 8, 8, 1);

        public override int Label(int index) => index % 2;

        public override SampleReader OpenReader() => new Reader(this);

        private sealed class Reader(Stripes stripes) : ImageReader(stripes.Sample)
        {
            private readonly byte[] _pixels = new byte[64];

            protected override ReadOnlySpan<byte> Read(int index, Framing framing)
            {
                Interlocked.Increment(ref stripes._reads);
                Array.Fill(_pixels, (byte)(stripes.Label(index) * 200 + index % 50));
                return _pixels;
            }
        }
    }

    // 1000 · label + column; a sample before the first is short.
    private sealed class Ramps(int count) : ImageDataset
    {
        public override int Count => count;

        public override IReadOnlyList<string> Classes => ["low", "high"];

        public override Shape Sample => new(1, 8, 8, 1);

        public override int Label(int index) => index % 2;

        public override SampleReader OpenReader() => new Reader(this);

        private sealed class Reader(Ramps ramps) : FloatReader(ramps.Sample)
        {
            protected override ReadOnlySpan<float> Read(int index) => index < 0
                ? new float[63]
                : Enumerable.Range(0, 64).Select(i => 1000f * ramps.Label(index) + i % 8).ToArray();
        }
    }
}
