using RevUp.Data.Transforms;

namespace RevUp.Tests.Data;

[TestClass]
public sealed class AugmentationTests
{
    private static readonly SyntheticDataset Images = SyntheticDataset.Create(
        40, new Shape(1, 12, 10, 3), classes: 4, seed: 1);
    private static readonly SyntheticDataset Volumes = SyntheticDataset.Create(
        4, new Shape(1, 4, 6, 5, 1), classes: 2, seed: 1);
    private static readonly ChannelNormalization Normalization = ChannelNormalization.Compute(Images);

    private static readonly Augmentation Everything = new()
    {
        Padding = 2,
        Flip = true,
        ColorJitter = new() { Brightness = 0.4, Contrast = 0.4, Saturation = 0.4, Hue = 0.1 },
        Cutout = 4,
        Mixup = 0.7,
        CutMix = 1,
        LabelSmoothing = 0.1,
    };

    [TestMethod]
    public void EveryAugmentationIsIndependentOfTheWorkers()
    {
        float[] expected = Epoch(1, 1), actual = Epoch(4, 3);
        CollectionAssert.AreEqual(expected, actual);
        CollectionAssert.AreNotEqual(expected, Epoch(4, 3, seed: 2));
    }

    [TestMethod]
    public void ItsTextEnds() => Assert.Contains("Mixup = 0.7, CutMix = 1", Everything.ToString());

    [TestMethod]
    public void TargetsStaySummingToOne()
    {
        using BatchLoader loader = new(
            Images, Normalization, new() { BatchSize = 7, Shuffle = true, Augmentation = Everything });
        for (int epoch = 0; epoch < 5; epoch++)
        {
            foreach (Batch batch in loader.Epoch(epoch))
            {
                foreach (float[] row in batch.Targets.ToArray().Chunk(4))
                {
                    Assert.AreEqual(1, row.Sum(), 1e-6);
                    Assert.IsTrue(row.All(value => value >= 0.1f / 4 - 1e-6f), "smoothing reaches every class");
                }
            }
        }
    }

    [TestMethod]
    public void OneMoreAugmentationDoesNotMoveTheOthers()
    {
        float[] plain = Write(new Augmentation { Padding = 2, Flip = true }, 3);
        float[] cut = Write(new Augmentation { Padding = 2, Flip = true, Cutout = 4 }, 3);
        Assert.IsTrue(plain.Zip(cut).All(pair => pair.Second == 0 || pair.First == pair.Second));
        Assert.IsTrue(plain.Zip(cut).Any(pair => pair.First != pair.Second));
    }

    [TestMethod]
    public void ColourIsChangedBeforeTheImageIsPaddedMirroredAndNormalised()
    {
        Augmentation both = new() { Padding = 2, Flip = true, ColorJitter = Everything.ColorJitter };
        SampleKey key = new(1, 2, 3);
        byte[] changed = Images.Pixels(3).ToArray();
        CounterRandom colours = key.Draws(RandomStreams.ColorJitter), crops = key.Draws(RandomStreams.PadCropFlip);
        ColorJitter.Draw(ref colours, both.ColorJitter!).Apply(changed, 3);
        byte[] moved = new byte[changed.Length];
        PadCropFlip.Draw(ref crops, 2, true).Write(changed, 12, 10, 3, 2, moved);
        float[] expected = new BatchPixels(moved, default, Normalization).Values(Images.Sample);
        CollectionAssert.AreEqual(expected, Write(both, 3));
    }

    [TestMethod]
    public void NothingIsAllocatedPerSample()
    {
        using SampleReader reader = Images.OpenReader();
        SampleTransform transform = new(Everything, Normalization);
        byte[] pixels = new byte[Images.Sample.Count];
        SampleChanges[] changes = new SampleChanges[1];
        reader.Write(0, default, transform, new SampleRow(pixels, default, changes));
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 1000; i++)
        {
            reader.Write(i % 40, new SampleKey(1, i, 2), transform, new SampleRow(pixels, default, changes));
        }
        Assert.AreEqual(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [TestMethod]
    public void WhatTheSamplesCannotDoIsRefusedByItsNameInTheRecipe()
    {
        AssertRefused("data.padding is 1, but random crops of volumes", Volumes, new() { Padding = 1 });
        AssertRefused("data.cutout is 2", Volumes, new() { Cutout = 2 });
        AssertRefused("data.cutMix is 1", Volumes, new() { CutMix = 1 });
        AssertRefused("data.colorJitter is set", Volumes, new() { ColorJitter = new() });
        SyntheticDataset twoChannels = SyntheticDataset.Create(4, new Shape(1, 3, 3, 2), classes: 2, seed: 1);
        AssertRefused(
            "data.colorJitter is set, but the images have 2 channels", twoChannels, new() { ColorJitter = new() });
        AssertRefused(
            "data.randomResizedCrop is set, but all samples of this dataset have the size [1,",
            Images,
            new() { RandomResizedCrop = new() });
        AssertRefused("data.padding is 10; it must be 0 to 9", Images, new() { Padding = 10 });
        AssertRefused("data.mixup is 0.001", Images, new() { Mixup = 0.001 });
        AssertRefused("data.cutMix is -1", Images, new() { CutMix = -1 });
        AssertRefused("data.cutout is -1", Images, new() { Cutout = -1 });
        AssertRefused("data.evaluationResize is -1", Images, new() { Resize = -1 });
        AssertRefused(
            "a scale of 0.5 to 0.4",
            Images,
            new() { RandomResizedCrop = new() { MinimumScale = 0.5, MaximumScale = 0.4 } });
        AssertRefused("a ratio of 2 to 1.33", Images, new() { RandomResizedCrop = new() { MinimumRatio = 2 } });
        AssertRefused("data.colorJitter.hue is 0.6", Images, new() { ColorJitter = new() { Hue = 0.6 } });
        AssertRefused("brightness -1", Images, new() { ColorJitter = new() { Brightness = -1 } });
        using BatchLoader allowed = new(
            Volumes, new([0], [1]), new() { Augmentation = new() { Flip = true, Mixup = 1 } });
        Assert.AreEqual(1, allowed.BatchesPerEpoch);
    }

    private static float[] Epoch(int workers, int prefetch, ulong seed = 1)
    {
        BatchLoaderOptions options = new()
        {
            BatchSize = 7,
            Workers = workers,
            Prefetch = prefetch,
            Shuffle = true,
            Seed = seed,
            Augmentation = Everything,
        };
        using BatchLoader loader = new(Images, Normalization, options);
        return [.. loader.Epoch(2).SelectMany(
            batch => (float[])[.. batch.Pixels.Values(Images.Sample), .. batch.Targets])];
    }

    private static float[] Write(Augmentation augmentation, int index)
    {
        using SampleReader reader = Images.OpenReader();
        return reader.Read(
            index, new SampleKey(1, 2, index), new SampleTransform(augmentation, Normalization), Images.Sample);
    }

    private static void AssertRefused(string message, ImageDataset dataset, Augmentation augmentation) =>
        Assert.Contains(
        message,
        Assert.ThrowsExactly<ConfigurationException>(
            () =>
                new BatchLoader(
                    dataset, ChannelNormalization.Compute(dataset), new() { Augmentation = augmentation })).Message);
}
