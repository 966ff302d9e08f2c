namespace RevUp.Tests.Data.Dense;

/// <summary>Where patches lie, and how they are padded.</summary>
[TestClass]
public sealed class PatchTests
{
    private static readonly ChannelNormalization s_identity = new([0.0], [1.0]);

    // The value tells the place; one voxel of class 1, eight of class 2.
    private static ArrayCases Cases() => new(
        [[8, 9, 10], [4, 9, 12]],
        classes: 3,
        (number, d, h, w) => 1 + w + 100 * (h + 100 * (d + 10 * number)),
        (_, d, h, w) => (d, h, w) == (2, 6, 3) ? 1 : d < 2 && h < 2 && w < 2 ? 2 : 0);

    [TestMethod]
    public void APatchIsCutFromItsCaseAndItsPlaceIsAFunctionOfTheKey()
    {
        using DensePatches patches = new(Cases(), new Shape(1, 3, 4, 5, 1), new() { PatchesPerCase = 50 });
        Assert.AreEqual(100, patches.Count);
        HashSet<float> places = [];
        for (int index = 0; index < patches.Count; index++)
        {
            (float[] pixels, ushort[] labels) = Read(patches, index);
            (float[] again, ushort[] labelsAgain) = Read(patches, index);
            CollectionAssert.AreEqual(pixels, again);
            CollectionAssert.AreEqual(labels, labelsAgain);
            int first = (int)pixels[0] - 1;
            Assert.AreEqual(index / 50, first / 100_000);
            for (int i = 0; i < 60; i++)
            {
                Assert.AreEqual(pixels[0] + i % 5 + 100 * (i / 5 % 4) + 10_000 * (i / 20), pixels[i]);
            }
            places.Add(pixels[0]);
        }
        Assert.IsGreaterThan(50, places.Count);
        CollectionAssert.AreNotEqual(Read(patches, 0, epoch: 1).Pixels, Read(patches, 0, epoch: 2).Pixels);
    }

    [TestMethod]
    public void ForegroundPatchesAreCentredOnClassesEquallyOften()
    {
        DenseSettings settings = new() { ForegroundShare = 1, PatchesPerCase = 1000 };
        using DensePatches patches = new(Cases(), new Shape(1, 1, 3, 3, 1), settings);
        int rare = 0;
        for (int index = 0; index < 1000; index++)
        {
            ushort[] labels = Read(patches, index).Labels;
            // Class 1 is one voxel among nine of the foreground; class 2 lies in a corner.
            rare += labels[4] == 1 ? 1 : 0;
            Assert.IsTrue(labels.Any(label => label > 0));
        }
        Assert.AreEqual(500, rare, 50); // three deviations of a fair coin
    }

    [TestMethod]
    [DataRow(0.0)]
    [DataRow(1.0 / 3)]
    public void TheShareOfForegroundIsTheSettings(double share)
    {
        // A single foreground voxel of 10,000: uniform patches do not meet its centre.
        ArrayCases cases = new([[1, 100, 100]], 2, (_, _, _, _) => 1, (_, _, h, w) => (h, w) == (70, 20) ? 1 : 0);
        DenseSettings settings = new() { ForegroundShare = share, PatchesPerCase = 900 };
        using DensePatches patches = new(cases, new Shape(1, 1, 3, 3, 1), settings);
        int centred = Enumerable.Range(0, 900).Count(index => Read(patches, index).Labels[4] == 1);
        Assert.AreEqual(900 * share, centred, share == 0 ? 2 : 43);
    }

    [TestMethod]
    public void OutsideACaseValuesAreZeroAfterNormalisationAndLabelsIgnored()
    {
        ArrayCases cases = new([[2, 3, 4]], 2, (_, _, _, _) => 7, (_, _, _, _) => 1, channels: 2);
        DenseSettings settings = new() { Sampling = DenseSampling.Whole };
        using DensePatches patches = new(cases, new Shape(1, 4, 4, 8, 2), settings);
        (float[] pixels, ushort[] labels) = Read(patches, 0, normalization: new([1.0, 2.0], [2.0, 4.0]));
        for (int i = 0; i < labels.Length; i++)
        {
            (int d, int h, int w) = (i / 32, i / 8 % 4, i % 8);
            bool isInside = d is 1 or 2 && h < 3 && w is >= 2 and < 6;
            Assert.AreEqual(isInside ? (ushort)1 : VoxelLabels.Ignored, labels[i]);
            Assert.AreEqual(isInside ? 3f : 0f, pixels[2 * i]); // (7 − 1) / 2 and (14 − 2) / 4
            Assert.AreEqual(isInside ? 3f : 0f, pixels[2 * i + 1]);
        }
    }

    [TestMethod]
    public void SlicesOfVolumesAreSamplesOfTwoAxes()
    {
        using DensePatches patches = new(Cases(), new Shape(1, 4, 5, 1), new() { PatchesPerCase = 30 });
        HashSet<int> planes =
            [.. Enumerable.Range(0, 30).Select(index => (int)Read(patches, index).Pixels[0] / 10_000)];
        Assert.IsGreaterThan(4, planes.Count);
    }

    [TestMethod]
    public void WhatDoesNotFitIsNamed()
    {
        ConfigurationException channels = Assert.ThrowsExactly<ConfigurationException>(
            () => new DensePatches(Cases(), new Shape(1, 4, 4, 4, 2), new()));
        Assert.Contains("data.channels is 2, but the cases have 1", channels.Message);
        ConfigurationException whole = Assert.ThrowsExactly<ConfigurationException>(
            () => new DensePatches(Cases(), new Shape(1, 8, 9, 10, 1), new() { Sampling = DenseSampling.Whole }));
        Assert.Contains("case 1 has 4 × 9 × 12 positions", whole.Message);
        Assert.ThrowsExactly<ConfigurationException>(() => new DenseSettings { ForegroundShare = 2 }.Validate());
        Assert.ThrowsExactly<ConfigurationException>(() => new DenseSettings { PatchesPerCase = 0 }.Validate());
        Assert.ThrowsExactly<ConfigurationException>(() => new DenseSettings { Spacing = [1, 1] }.Validate());
        Assert.ThrowsExactly<ConfigurationException>(() => new PatchAugmentation { Scale = [2, 1] }.Validate());
        Assert.ThrowsExactly<ConfigurationException>(() => new PatchAugmentation { GammaShare = 1.5 }.Validate());
    }

    private static (float[] Pixels, ushort[] Labels) Read(
        DensePatches patches, int index, int epoch = 0, ChannelNormalization? normalization = null)
    {
        float[] pixels = new float[patches.Sample.Count];
        ushort[] labels = new ushort[patches.Sample.Positions];
        using SampleReader reader = patches.OpenReader();
        SampleTransform transform = new(new(), normalization ?? s_identity);
        reader.Write(index, new SampleKey(5, epoch, index), transform, new SampleRow(default, pixels, labels: labels));
        return (pixels, labels);
    }
}
