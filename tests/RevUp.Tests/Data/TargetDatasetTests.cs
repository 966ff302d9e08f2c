namespace RevUp.Tests.Data;

/// <summary>Datasets of floats, and with numbers as targets.</summary>
[TestClass]
public sealed class TargetDatasetTests
{
    private static readonly Shape s_sample = new(1, 2, 2, 1);
    private static readonly string[] s_names = ["a", "b"];

    [TestMethod]
    public void FloatsWithLabelsComeAsBatches()
    {
        float[] values = [1, 2, 3, 4, 5, 6, 7, 8];
        using MemoryDataset data = new(values, new int[] { 1, 0 }, s_sample, s_names);
        Assert.AreEqual(2, data.Count);
        Assert.IsFalse(data.HasTargets);
        Assert.AreEqual(1, data.Label(0));
        CollectionAssert.AreEqual(new float[] { 5, 6, 7, 8 }, data.Values(1).ToArray());
        Assert.Refuses<InvalidOperationException>(() => data.Pixels(0).ToArray(), "Values");
        Assert.Refuses<InvalidOperationException>(() => data.Target(0).ToArray(), "Label");
        (float[] pixels, float[] targets) = OneBatch(data, new());
        CollectionAssert.AreEqual(values, pixels);
        CollectionAssert.AreEqual(new float[] { 0, 1, 1, 0 }, targets);
    }

    [TestMethod]
    public void TargetsComeAsTheyAre()
    {
        float[] targets = [0.25f, 0.75f, -3, 1000];
        using MemoryDataset floats = new(new float[8], targets, s_sample, s_names);
        using MemoryDataset bytes = new(new byte[8], targets, s_sample, s_names);
        foreach (MemoryDataset data in (MemoryDataset[])[floats, bytes])
        {
            Assert.IsTrue(data.HasTargets);
            CollectionAssert.AreEqual(targets[2..], data.Target(1).ToArray());
            Assert.Refuses<InvalidOperationException>(() => data.Label(0), "Target");
            Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => data.Target(2).ToArray());
        }
        CollectionAssert.AreEqual(targets, OneBatch(floats, new()).Targets);
    }

    [TestMethod]
    public void SoftLabelsAreSmoothedAndMixed()
    {
        float[] targets = [1, 0, 0.5f, 0.5f];
        using MemoryDataset data = new(new float[8], targets, s_sample, s_names);
        float[] smoothed = OneBatch(data, new() { LabelSmoothing = 0.5 }).Targets;
        CollectionAssert.AreEqual(new[] { 0.75f, 0.25f, 0.5f, 0.5f }, smoothed);
        float[] mixed = OneBatch(data, new() { Mixup = 1 }).Targets;
        Assert.AreEqual(1, mixed[0] + mixed[1], 1e-6);
        Assert.IsTrue(mixed[0] is > 0.5f and < 1, $"{mixed[0]}");
    }

    [TestMethod]
    [DataRow("padding")]
    [DataRow("cutout")]
    [DataRow("colorJitter")]
    public void AugmentationThatFloatsCannotHaveIsNamed(string setting)
    {
        Augmentation augmentation = setting switch
        {
            "padding" => new() { Padding = 1 },
            "cutout" => new() { Cutout = 1 },
            _ => new() { ColorJitter = new() { Brightness = 0.5 } },
        };
        using MemoryDataset data = new(new float[8], new int[2], s_sample, s_names);
        Assert.Refuses<ConfigurationException>(() => OneBatch(data, augmentation), $"data.{setting} is set", "floats");
    }

    /// <summary>Flip is drawn for floats as for bytes: nothing is ignored.</summary>
    [TestMethod]
    public void FloatsAreMirrored()
    {
        float[] values = [.. Enumerable.Range(0, 4 * 16).Select(i => (float)i)];
        using MemoryDataset data = new(values, new int[16], s_sample, s_names);
        float[] flipped = OneBatch(data, new() { Flip = true }).Pixels;
        int mirrored = Enumerable.Range(0, 16).Count(i => flipped[4 * i] == values[4 * i + 1]);
        int kept = Enumerable.Range(0, 16).Count(i => flipped[4 * i] == values[4 * i]);
        Assert.AreEqual(16, mirrored + kept);
        Assert.IsTrue(mirrored > 0 && kept > 0, $"{mirrored} of 16");
    }

    [TestMethod]
    public void ArraysThatDoNotFitAreRefused()
    {
        Assert.Refuses<ArgumentException>(
            () => new MemoryDataset(new float[8], new int[3], s_sample, s_names), "3 samples", "12 numbers", "8");
        Assert.Refuses<ArgumentException>(
            () => new MemoryDataset(new float[8], new[] { 0, 2 }, s_sample, s_names), "Label 2 of sample 1");
        Assert.Refuses<ArgumentException>(
            () => new MemoryDataset(new float[8], new float[3], s_sample, s_names), "3 targets", "2 for each sample");
        Assert.Refuses<ArgumentException>(
            () => new MemoryDataset(new float[8], new[] { 0, 1, float.NaN, 0 }, s_sample, s_names),
            "Target 0 of sample 1 is NaN");
        Assert.Refuses<ArgumentException>(
            () => new MemoryDataset(new float[8], new int[2], new Shape(2, 2, 1), s_names), "[2, 2, 1]", "put 1");
    }

    /// <summary>A checkpoint knows other targets.</summary>
    [TestMethod]
    public void OtherTargetsAreOtherData()
    {
        using MemoryDataset data = new(new float[8], new float[4], s_sample, s_names);
        using MemoryDataset other = new(new float[8], new float[] { 0, 0, 0, 1 }, s_sample, s_names);
        Assert.IsNull(DataIdentity.Of(data).Difference(DataIdentity.Of(data)));
        Assert.IsNotNull(DataIdentity.Of(data).Difference(DataIdentity.Of(other)));
    }

    /// <summary>
    /// A target of the wrong form is one damaged sample, which training replaces.
    /// </summary>
    [TestMethod]
    public void ATargetThatIsNoNumberIsADamagedSample()
    {
        using Faulty data = new();
        DamagedSamples damaged = new(data, maximumShare: 1);
        BatchLoaderOptions options = new() { BatchSize = 2, ReplaceDamaged = true, Damaged = damaged };
        using BatchLoader loader = new(data, new ChannelNormalization([0], [1]), options);
        CollectionAssert.AreEqual(
            new float[] { 0, 1, 0, 1 }, loader.Epoch(0).Single().Targets.ToArray(), "sample 1 twice");
        Assert.AreEqual(1, damaged.Count);
    }

    private static (float[] Pixels, float[] Targets) OneBatch(ImageDataset data, Augmentation augmentation)
    {
        BatchLoaderOptions options = new() { BatchSize = data.Count, Augmentation = augmentation, Seed = 3 };
        using BatchLoader loader = new(data, new ChannelNormalization([0], [1]), options);
        Batch batch = loader.Epoch(0).First();
        return (batch.ValuesToFill.ToArray(), batch.Targets.ToArray());
    }

    private sealed class Faulty : ImageDataset
    {
        public override int Count => 2;

        public override IReadOnlyList<string> Classes => s_names;

        public override Shape Sample => s_sample;

        public override bool HasTargets => true;

        public override int Label(int index) => throw new InvalidOperationException("not asked");

        public override ReadOnlySpan<float> Target(int index) => index == 0 ? [0, float.NaN] : [0, 1];

        public override SampleReader OpenReader() => new Zeros();

        private sealed class Zeros() : FloatReader(s_sample)
        {
            protected override ReadOnlySpan<float> Read(int index) => new float[4];
        }
    }
}
