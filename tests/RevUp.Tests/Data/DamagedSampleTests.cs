namespace RevUp.Tests.Data;

[TestClass]
public sealed class DamagedSampleTests
{
    private const int Images = 60;
    private static readonly SyntheticDataset Whole = SyntheticDataset.Create(
        Images, new Shape(1, 6, 5, 3), classes: 4, seed: 1);
    private static readonly ChannelNormalization Normalization = ChannelNormalization.Compute(Whole);
    private static readonly BatchLoaderOptions Options = new()
    {
        BatchSize = 7,
        Seed = 3,
        Augmentation = new() { Padding = 1, Flip = true },
        ReplaceDamaged = true,
    };

    [TestMethod]
    public void ADamagedSampleGivesItsPlaceToTheNextGoodOne()
    {
        HookedDataset damaged = Damaged(10, 11, Images - 1);
        using BatchLoader loader = new(
            damaged, Normalization, Options with { Damaged = new DamagedSamples(damaged, 0.1), Augmentation = new() });
        using BatchLoader whole = new(Whole, Normalization, Options with { Augmentation = new() });
        (float[] expected, float[] expectedTargets) = Epoch(whole, 0);
        (float[] actual, float[] actualTargets) = Epoch(loader, 0);
        int[] taken = [.. Enumerable.Range(0, Images).Select(i => i is 10 or 11 ? 12 : i == Images - 1 ? 0 : i)];
        for (int i = 0; i < Images; i++)
        {
            CollectionAssert.AreEqual(
                expected[(taken[i] * 90)..(taken[i] * 90 + 90)], actual[(i * 90)..(i * 90 + 90)], $"sample {i}");
            CollectionAssert.AreEqual(
                expectedTargets[(taken[i] * 4)..(taken[i] * 4 + 4)],
                actualTargets[(i * 4)..(i * 4 + 4)],
                $"sample {i}");
        }
    }

    /// <summary>A batch and one of which nothing is left, for any number of workers.</summary>
    [TestMethod]
    [DataRow(1)]
    [DataRow(3)]
    public void ADamagedSampleIsLeftOutWhereNoneMayTakeItsPlace(int workers)
    {
        int[] broken = [3, 14, 15, 16, 17, 18, 19, 20, Images - 1];
        HookedDataset damaged = Damaged(broken);
        BatchLoaderOptions evaluation = new() { BatchSize = 7, Workers = workers };
        using BatchLoader loader = new(
            damaged, Normalization, evaluation with { Damaged = new DamagedSamples(damaged, 0.2) });
        using BatchLoader whole = new(Whole, Normalization, evaluation);
        (float[] expected, float[] expectedTargets) = Epoch(whole, 0);
        for (int epoch = 0; epoch < 2; epoch++)
        {
            int[] counts = [.. loader.Epoch(epoch).Select(batch => batch.Count)];
            CollectionAssert.AreEqual(new[] { 6, 7, 7, 7, 7, 7, 7, 3 }, counts);
        }
        (float[] actual, float[] actualTargets) = Epoch(loader, 0);
        int[] good = [.. Enumerable.Range(0, Images).Except(broken)];
        CollectionAssert.AreEqual(good.SelectMany(i => expected[(i * 90)..(i * 90 + 90)]).ToArray(), actual);
        CollectionAssert.AreEqual(good.SelectMany(i => expectedTargets[(i * 4)..(i * 4 + 4)]).ToArray(), actualTargets);
        CollectionAssert.AreEqual(broken, loader.Damaged.ToList().Select(sample => sample.Index).ToArray());
    }

    [TestMethod]
    public void EachIsNamedOnceAndWorkersDoNotChangeTheResult()
    {
        HookedDataset damaged = Damaged(3, 4, 31);
        List<string> found = [];
        DamagedSamples list = new(damaged, 0.05, sample => found.Add(sample.Reason));
        using BatchLoader one = new(
            damaged, Normalization, Options with { Shuffle = true, Workers = 1, Damaged = list });
        using BatchLoader many = new(
            damaged,
            Normalization,
            Options with { Shuffle = true, Workers = 4, Damaged = new DamagedSamples(damaged, 0.05) });
        for (int epoch = 0; epoch < 3; epoch++)
        {
            (float[] expected, float[] expectedTargets) = Epoch(one, epoch);
            (float[] actual, float[] actualTargets) = Epoch(many, epoch);
            CollectionAssert.AreEqual(expected, actual);
            CollectionAssert.AreEqual(expectedTargets, actualTargets);
        }
        CollectionAssert.AreEqual(new[] { 3, 4, 31 }, list.ToList().Select(sample => sample.Index).ToArray());
        CollectionAssert.AreEquivalent(new[] { "image-3: broken.", "image-4: broken.", "image-31: broken." }, found);
        Assert.AreEqual(3, many.Damaged.Count);
    }

    [TestMethod]
    public void TooManyStopTheRunAndTheMessageSaysHowMany()
    {
        HookedDataset damaged = Damaged(5, 20);
        using BatchLoader loader = new(
            damaged, Normalization, Options with { Workers = 1, Damaged = new DamagedSamples(damaged, 1.0 / Images) });
        string message = Assert.ThrowsExactly<DataFileException>(() => Epoch(loader, 0)).Message;
        Assert.Contains("2 of 60 samples are damaged, more than data.maximumDamagedShare = 0.0166", message);
        Assert.Contains("image-20: broken.", message);
    }

    [TestMethod]
    public void ASetWithNothingGoodEndsInsteadOfSearchingForEver()
    {
        HookedDataset damaged = Damaged([.. Enumerable.Range(0, Images)]);
        using BatchLoader loader = new(
            damaged, Normalization, Options with { Damaged = new DamagedSamples(damaged, 1) });
        Assert.Refuses<DataFileException>(() => Epoch(loader, 0), "60 of 60 samples");
        Assert.ThrowsExactly<DataFileException>(() => ChannelNormalization.Compute(damaged));
    }

    [TestMethod]
    public void StatisticsLeaveDamagedSamplesOut()
    {
        ChannelNormalization without = ChannelNormalization.Compute(Damaged(0));
        ChannelStatistics expected = new(3);
        using SampleReader reader = Whole.OpenReader();
        for (int i = 1; i < Images; i++)
        {
            reader.Measure(i, expected);
        }
        CollectionAssert.AreEqual(expected.ToNormalization().Mean.ToArray(), without.Mean.ToArray());
    }

    [TestMethod]
    public void AShareOutsideItsRangeIsRefused() =>
        Assert.ThrowsExactly<ConfigurationException>(() => new DamagedSamples(Whole, 1.5));

    private static HookedDataset Damaged(params int[] damaged) =>
        new(
            Whole,
            index => _ = damaged.Contains(index) ? throw new DataFileException($"image-{index}", "broken.") : index);

    private static (float[] Pixels, float[] Targets) Epoch(BatchLoader loader, int epoch)
    {
        List<float> pixels = [], targets = [];
        foreach (Batch batch in loader.Epoch(epoch))
        {
            pixels.AddRange(batch.Pixels.Values(Whole.Sample));
            targets.AddRange(batch.Targets);
        }
        return ([.. pixels], [.. targets]);
    }
}
