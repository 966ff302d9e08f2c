namespace RevUp.Tests.Data.Volumes;

/// <summary>Volumes of different extents, ranges and spacings as samples of one shape.</summary>
[TestClass]
public sealed class VolumeFitTests
{
    private static readonly float[] s_identity = [1, 0, 0, 0, 1, 0, 0, 0, 1];
    private static readonly ChannelNormalization s_asStored = new([0], [1]);

    [TestMethod]
    public void ALongerAxisIsCutAroundItsCentreAndAShorterPaddedWithTheMean()
    {
        using TemporaryFolder folder = Volumes((5, 3, 2), (2, 3, 7));
        using VolumeDataset volumes = Open(
            folder, new Shape(1, 4, 3, 3, 1), new VolumeSettings { Fit = VolumeFit.CropOrPad });
        // 5 × 3 × 2 (W × H × D): W is cut by one on each side, D padded by one on each.
        float[] values = Read(volumes, 0, new ChannelNormalization([100], [2]));
        for (int i = 0; i < values.Length; i++)
        {
            (int d, int h, int w) = (i / 9 - 1, i / 3 % 3, i % 3 + 1);
            Assert.AreEqual(d is 0 or 1 ? (w + 5 * h + 15 * d - 100) / 2f : 0, values[i], $"{i}");
        }
        // 2 × 3 × 7: W is padded at its end alone, D cut by one before and two behind.
        values = Read(volumes, 1, s_asStored);
        for (int i = 0; i < values.Length; i++)
        {
            (int d, int h, int w) = (i / 9 + 1, i / 3 % 3, i % 3);
            Assert.AreEqual(w < 2 ? w + 2 * h + 6 * d : 0, values[i], $"{i}");
        }
    }

    [TestMethod]
    public void TrainingCutsEverywhereAndTheSameAgain()
    {
        using TemporaryFolder folder = Volumes((5, 3, 4), (5, 3, 4));
        using VolumeDataset volumes = Open(
            folder, new Shape(1, 2, 3, 3, 1), new VolumeSettings { Fit = VolumeFit.CropOrPad });
        Augmentation training = new DataSettings { Volumes = new() { Fit = VolumeFit.CropOrPad } }.TrainingAugmentation;
        HashSet<float> firsts = [];
        for (int epoch = 0; epoch < 200; epoch++)
        {
            float[] values = Read(volumes, 0, s_asStored, training, epoch);
            firsts.Add(values[0]);
            CollectionAssert.AreEqual(values, Read(volumes, 0, s_asStored, training, epoch));
            Assert.AreEqual(values[0] + 1 + 5 + 15, values[1 + 3 + 9], "a block of the volume, unchanged");
        }
        // W starts at 0, 1 or 2, D at 0, 1 or 2.
        CollectionAssert.AreEquivalent(new float[] { 0, 1, 2, 15, 16, 17, 30, 31, 32 }, firsts.ToArray());
    }

    [TestMethod]
    public void EachVolumeMayBeNormalisedByItself()
    {
        using TemporaryFolder folder = Volumes((4, 3, 2), (4, 3, 2));
        VolumeSettings settings = new() { Normalization = VolumeNormalization.Volume };
        DataSettings data = new()
        {
            Dataset = DatasetKind.Volumes,
            Path = folder.Path,
            Extents = [2, 3, 4],
            Classes = 2,
            Volumes = settings,
        };
        using ImageDataset train = Datasets.Open(data, DatasetSplit.Train);
        ChannelNormalization normalization = Datasets.Normalization(data, train);
        Assert.AreEqual((0.0, 1.0), (normalization.Mean[0], normalization.Deviation[0]));
        float[] values = Read(train, 1, normalization);
        Assert.AreEqual(0, values.Average(), 1e-6);
        Assert.AreEqual(1, Math.Sqrt(values.Average(x => (double)x * x)), 1e-6);
        Assert.Contains("data.volumes.normalization", Assert.ThrowsExactly<ConfigurationException>(
            () => Datasets.Open(data with { Mean = [1], Deviation = [1] }, DatasetSplit.Train)).Message);
    }

    [TestMethod]
    public void VolumesAreResampledToASpacing()
    {
        using TemporaryFolder folder = Volumes((4, 3, 2), (4, 3, 2));
        byte[] file = NiftiFiles.CreateOriented(4, 3, 2, s_identity);
        NiftiFiles.WriteFloats(file, 80, 1, 2, 3);
        file[123] = 2;
        File.WriteAllBytes(folder["0.nii"], file);
        using VolumeDataset volumes = Open(
            folder, new Shape(1, 6, 3, 2, 1), new VolumeSettings { Spacing = [1, 2, 2] });
        float[] values = Read(volumes, 0, s_asStored);
        // W: the mean of two; D: a third of a step each, held at the ends. The numbers are linear
        // in the place.
        float[] depths = [0, 0, 1 / 3f, 2 / 3f, 1, 1];
        for (int i = 0; i < values.Length; i++)
        {
            Assert.AreEqual(12 * depths[i / 6] + 4 * (i / 2 % 3) + 2 * (i % 2) + 0.5f, values[i], 1e-5f, $"{i}");
        }
        Assert.Refuses<DataFileException>(() => Read(volumes, 1, s_asStored), "the header does not say its spacing");
    }

    [TestMethod]
    public void EveryAxisIsMirroredByACoinOfItsOwn()
    {
        using TemporaryFolder folder = Volumes((4, 3, 2), (4, 3, 2));
        using VolumeDataset volumes = Open(folder, new Shape(1, 2, 3, 4, 1), new VolumeSettings());
        using MemoryDataset memory = new(
            Enumerable.Range(0, 24).Select(i => (byte)i).ToArray(), new byte[1], new Shape(1, 2, 3, 4, 1), ["a"]);
        foreach (ImageDataset dataset in (ImageDataset[])[volumes, memory])
        {
            ChannelNormalization scale = dataset == memory ? new([0], [1 / 255.0]) : s_asStored;
            Dictionary<float, int> corners = [];
            for (int epoch = 0; epoch < 800; epoch++)
            {
                float[] values = Read(dataset, 0, scale, new Augmentation { Flip = true, FlipEveryAxis = true }, epoch);
                corners[values[0]] = corners.GetValueOrDefault(values[0]) + 1;
                Assert.AreEqual(23, values[0] + values[23], 1e-5, "opposite corners");
                CollectionAssert.AreEquivalent(
                    Enumerable.Range(0, 24).ToArray(), values.Select(x => (int)Math.Round(x)).ToArray());
            }
            CollectionAssert.AreEquivalent(new float[] { 0, 3, 8, 11, 12, 15, 20, 23 }, corners.Keys.ToArray());
            Assert.IsTrue(
                corners.Values.All(count => Math.Abs(count - 100) < 5 * Math.Sqrt(800 * 7.0 / 64)),
                string.Join(' ', corners.Values));
        }
    }

    [TestMethod]
    public void SettingsThatCannotBeAreExplained()
    {
        using TemporaryFolder folder = Volumes((4, 3, 2), (4, 3, 2));
        DataSettings data =
            new() { Dataset = DatasetKind.Volumes, Path = folder.Path, Extents = [4, 4, 4], Classes = 2 };
        Assert.Contains("data.volumes.spacing is [1, 0, 1]", Assert.ThrowsExactly<ConfigurationException>(
            () => (data with { Volumes = new() { Spacing = [1, 0, 1] } }).Validate()).Message);
        using ImageDataset exact = Datasets.Open(data, DatasetSplit.Train);
        using SampleReader reader = exact.OpenReader();
        string message = Assert.ThrowsExactly<DataFileException>(
            () => reader.Read(0, default, new SampleTransform(new Augmentation(), s_asStored), exact.Sample)).Message;
        Assert.Contains("set data.volumes.fit=cropOrPad", message);
    }

    // Two volumes, W × H × D voxels that are numbered as they are stored, of two classes.
    private static TemporaryFolder Volumes(params (int Width, int Height, int Depth)[] sizes)
    {
        TemporaryFolder folder = new();
        for (int i = 0; i < sizes.Length; i++)
        {
            File.WriteAllBytes(
                folder[$"{i}.nii"],
                NiftiFiles.CreateOriented(sizes[i].Width, sizes[i].Height, sizes[i].Depth, s_identity));
        }
        foreach (string list in new[] { "train.csv", "test.csv" })
        {
            File.WriteAllText(folder[list], "file,label\n0.nii,a\n1.nii,b\n");
        }
        return folder;
    }

    private static VolumeDataset Open(TemporaryFolder folder, Shape sample, VolumeSettings settings) =>
        VolumeDataset.Open(folder.Path, DatasetSplit.Train, sample, settings: settings);

    private static float[] Read(
        ImageDataset dataset,
        int index,
        ChannelNormalization normalization,
        Augmentation? augmentation = null,
        int epoch = 0)
    {
        using SampleReader reader = dataset.OpenReader();
        return reader.Read(
            index,
            new SampleKey(1, epoch, index),
            new SampleTransform(augmentation ?? new Augmentation(), normalization),
            dataset.Sample);
    }
}
