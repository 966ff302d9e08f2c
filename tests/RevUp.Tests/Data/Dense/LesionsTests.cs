namespace RevUp.Tests.Data.Dense;

/// <summary>The synthetic set with a known truth.</summary>
[TestClass]
public sealed class LesionsTests
{
    [TestMethod]
    [DataRow(2, 1)]
    [DataRow(2, 4)]
    [DataRow(3, 1)]
    [DataRow(3, 4)]
    public void ACaseFollowsFromSeedAndNumber(int rank, int channels)
    {
        Shape sample = rank == 2 ? new Shape(1, 40, 32, channels) : new Shape(1, 20, 24, 16, channels);
        using Lesions first = new(3, sample, seed: 4), second = new(2, sample, seed: 4, first: 1);
        using Lesions other = new(1, sample, seed: 5);
        (float[] pixels, ushort[] labels) = Read(first, 1);
        CollectionAssert.AreEqual(pixels, Read(second, 0).Pixels);
        CollectionAssert.AreEqual(labels, Read(second, 0).Labels);
        CollectionAssert.AreNotEqual(Read(first, 0).Pixels, Read(other, 0).Pixels);
        Assert.AreEqual(first.Extents(1), second.Extents(0));
        for (int channel = 0; channel < channels; channel++)
        {
            int own = channel;
            double[] values = [.. pixels.Where((_, i) => i % channels == own).Select(value => (double)value)];
            Assert.AreEqual(0, values.Average(), 1e-5);
            Assert.AreEqual(1, values.Average(value => value * value), 1e-4);
        }
    }

    [TestMethod]
    public void ClassesOccurAndDifferInTheirValues()
    {
        using Lesions cases = new(12, new Shape(1, 32, 32, 32, 1), seed: 1);
        double[] sums = new double[4];
        long[] counts = new long[4];
        long ignored = 0, all = 0;
        for (int index = 0; index < cases.Count; index++)
        {
            (float[] pixels, ushort[] labels) = Read(cases, index);
            all += labels.Length;
            for (int i = 0; i < labels.Length; i++)
            {
                if (labels[i] == VoxelLabels.Ignored)
                {
                    ignored++;
                    continue;
                }
                sums[labels[i]] += pixels[i];
                counts[labels[i]]++;
            }
            Assert.IsTrue(labels.Any(label => label is > 0 and < 4));
        }
        Assert.AreEqual(0.02, (double)ignored / all, 1e-3);
        double[] means = [.. sums.Zip(counts, (sum, count) => sum / count)];
        Assert.IsTrue(means[0] < means[1] && means[1] < means[2] && means[2] < means[3], string.Join(", ", means));
        Assert.IsTrue(counts[1] > counts[3] && counts[3] > 100, string.Join(", ", counts));
        Assert.IsTrue(counts[1] + counts[2] + counts[3] < counts[0] / 5);
    }

    /// <summary>
    /// Cases as files, each stored in another order of axes and turned: the drawn labels and values
    /// come back, and a position without a label stays without.
    /// </summary>
    [TestMethod]
    [DataRow("RAS", 1.0, 1.0, 1.0, 0.0)]
    [DataRow("LAS", -1.0, 1.0, 1.0, 0.0)]
    [DataRow("LPI", -1.0, -1.0, -1.0, 0.0)]
    [DataRow("oblique", -1.2, 0.9, 1.1, 0.3)]
    [DataRow("anisotropic", 0.5, 0.5, 3.0, 0.0)]
    public void FilesInAnyOrientationHoldTheDrawnCase(string name, double x, double y, double z, double angle)
    {
        using TemporaryFolder folder = new();
        using Lesions cases = new(1, new Shape(1, 20, 24, 16, 1), seed: 9);
        (float[] pixels, ushort[] labels) = Read(cases, 0);
        VoxelIndex extents = VoxelIndex.Of(cases.Extents(0));
        (double cos, double sin) = (Math.Cos(angle), Math.Sin(angle));
        double[] affine = [x * cos, -y * sin, 0, 7, x * sin, y * cos, 0, -8, 0, 0, z, 9];
        int[] stored = [extents.Width, extents.Height, extents.Depth, 1];
        CaseFolder.Write(
            folder["imagesTr/a_0000.nii.gz"], stored, VoxelType.Float32, affine,
            (w, h, d, _) => pixels[Place(w, h, d)]);
        CaseFolder.Write(
            folder["labelsTr/a.nii.gz"], stored, VoxelType.UInt8, affine,
            (w, h, d, _) => labels[Place(w, h, d)] is var label and < 4 ? label : 4);
        string classes = string.Join(", ", Lesions.ClassNames.Select((label, number) => $"\"{label}\": {number}"));
        File.WriteAllText(
            folder["dataset.json"], $$"""{"channel_names": {"0": "MR"}, "labels": {"ignore": 4, {{classes}} } }""");

        SegmentationFolder read = SegmentationFolder.Read(folder.Path);
        SourceCase source = SourceCase.Read(read.Cases.Single(), 1, read.Labels);
        CollectionAssert.AreEqual(labels, source.Labels, name);
        CollectionAssert.AreEqual(pixels, source.Pixels, name);
        CollectionAssert.Contains(source.Labels, VoxelLabels.Ignored);

        // Number of the drawn position that lies at a stored one.
        int Place(int w, int h, int d)
        {
            (w, h) = (x < 0 ? extents.Width - 1 - w : w, y < 0 ? extents.Height - 1 - h : h);
            d = z < 0 ? extents.Depth - 1 - d : d;
            return (d * extents.Height + h) * extents.Width + w;
        }
    }

    [TestMethod]
    public void PartsOfARecipeShareNoCase()
    {
        DataSettings settings = new()
        {
            Dataset = DatasetKind.Lesions,
            Extents = [16, 16],
            TrainingSamples = 5,
            ValidationSamples = 3,
        };
        Assert.AreEqual(4, settings.ClassCount);
        HashSet<string> names = [];
        int all = 0;
        foreach (DatasetSplit split in Enum.GetValues<DatasetSplit>())
        {
            using ImageDataset part = Datasets.Open(settings, split);
            Assert.AreEqual(split == DatasetSplit.Train ? 5 : split == DatasetSplit.Validation ? 3 : 64, part.Count);
            all += part.Count;
            names.UnionWith(Enumerable.Range(0, part.Count).Select(part.Name));
        }
        Assert.HasCount(all, names);
        Assert.Contains(
            "data.channels is 3", Assert.ThrowsExactly<ConfigurationException>(
                () => Datasets.Open(settings with { Channels = 3 }, DatasetSplit.Train)).Message);
    }

    private static (float[] Pixels, ushort[] Labels) Read(Lesions cases, int index)
    {
        Shape extents = cases.Extents(index);
        float[] pixels = new float[extents.Count];
        ushort[] labels = new ushort[extents.Positions];
        using DenseReader reader = cases.OpenReader();
        reader.Read(index, new int[extents.SpatialRank], extents, pixels, labels);
        return (pixels, labels);
    }
}
