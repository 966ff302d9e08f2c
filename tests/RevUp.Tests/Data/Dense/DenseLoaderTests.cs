using RevUp.Data.Transforms;

namespace RevUp.Tests.Data.Dense;

/// <summary>Batches of patches with their labels.</summary>
[TestClass]
public sealed class DenseLoaderTests
{
    private static readonly ChannelNormalization s_identity = new([0.0], [1.0]);

    private static readonly BatchLoaderOptions s_training = new()
    {
        BatchSize = 3,
        Shuffle = true,
        Seed = 7,
        Augmentation = new()
        {
            Flip = true,
            FlipEveryAxis = true,
            Patch = new() { RotationShare = 0.5, NoiseShare = 0.5 },
        },
    };

    private static DensePatches Patches() => new(
        new ArrayCases(
            [[7, 8, 9], [6, 6, 6], [9, 7, 5], [5, 5, 12]],
            classes: 3,
            (_, d, h, w) => d + h - w,
            (_, d, h, w) => (d + h + w) % 3),
        new Shape(1, 5, 5, 5, 1),
        new() { PatchesPerCase = 2 });

    [TestMethod]
    public void WorkersChangeNothingAndAnEpochResumesInItsMiddle()
    {
        using DensePatches patches = Patches();
        using BatchLoader single = new(patches, s_identity, s_training), many = new(
            patches, s_identity, s_training with { Workers = 4, Prefetch = 2 });
        List<(float[] Pixels, ushort[] Labels)> expected = Copy(single.Epoch(1)), actual = Copy(many.Epoch(1));
        Assert.HasCount(3, expected);
        Assert.AreEqual(3 * 125, expected[0].Labels.Length);
        Assert.AreEqual(2 * 125, expected[2].Labels.Length);
        AssertEqual(expected, actual);
        AssertEqual(expected[1..], Copy(many.Epoch(1, firstBatch: 1)));
    }

    [TestMethod]
    public void LabelsAreMirroredWithTheirValues()
    {
        ArrayCases cases = new(
            [[4, 5, 6]], 200, (_, d, h, w) => (d * 5 + h) * 6 + w, (_, d, h, w) => (d * 5 + h) * 6 + w);
        using DensePatches patches = new(cases, new Shape(1, 4, 5, 6, 1), new() { PatchesPerCase = 64 });
        BatchLoaderOptions options = s_training with
        {
            BatchSize = 1,
            Augmentation = new() { Flip = true, FlipEveryAxis = true },
        };
        using BatchLoader loader = new(patches, s_identity, options);
        HashSet<float> corners = [];
        foreach (Batch batch in loader.Epoch(0))
        {
            float[] pixels = batch.Pixels.Values(patches.Sample);
            CollectionAssert.AreEqual(
                pixels, Array.ConvertAll(batch.Labels.ToArray(), label => (float)label));
            Assert.AreEqual(0, batch.Targets.Length);
            corners.Add(pixels[0]);
        }
        Assert.HasCount(8, corners); // every mirror of three axes
    }

    [TestMethod]
    [DataRow("data.mixup")]
    [DataRow("data.padding")]
    [DataRow("training.labelSmoothing")]
    public void WhatWouldNotChangeTheLabelsIsRefused(string name)
    {
        Augmentation augmentation = name switch
        {
            "data.mixup" => new() { Mixup = 1 },
            "data.padding" => new() { Padding = 1 },
            _ => new() { LabelSmoothing = 0.1 },
        };
        using DensePatches patches = Patches();
        Assert.Contains(
            name, Assert.ThrowsExactly<ConfigurationException>(
                () => new BatchLoader(patches, s_identity, new() { Augmentation = augmentation })).Message);
        using SyntheticDataset images = SyntheticDataset.Create(4, new Shape(1, 8, 8, 1), 2, 1);
        Assert.Contains(
            "data.patchAugmentation", Assert.ThrowsExactly<ConfigurationException>(
                () => new BatchLoader(images, s_identity, new() { Augmentation = new() { Patch = new() } })).Message);
    }

    private static List<(float[] Pixels, ushort[] Labels)> Copy(IEnumerable<Batch> batches) =>
        [.. batches.Select(batch => (batch.Pixels.Values(new Shape(1, 5, 5, 5, 1)), batch.Labels.ToArray()))];

    private static void AssertEqual(
        List<(float[] Pixels, ushort[] Labels)> expected, List<(float[] Pixels, ushort[] Labels)> actual)
    {
        Assert.HasCount(expected.Count, actual);
        for (int i = 0; i < expected.Count; i++)
        {
            CollectionAssert.AreEqual(expected[i].Pixels, actual[i].Pixels);
            CollectionAssert.AreEqual(expected[i].Labels, actual[i].Labels);
        }
    }
}
