using System.Buffers.Binary;

namespace RevUp.Tests.Data;

[TestClass]
public sealed class VolumeTests : FolderTest
{
    private static readonly Shape Sample = new(1, 2, 3, 4, 1);
    private static readonly Shape TwoChannels = new(1, 2, 3, 4, 2);
    private static readonly Augmentation Nothing = new();

    public static IEnumerable<object[]> Kinds =>
        from type in Enum.GetValues<VoxelType>()
        from bigEndian in new[] { false, true }
        from gzip in new[] { false, true }
        select new object[] { type, bigEndian, gzip };

    [TestMethod]
    [DynamicData(nameof(Kinds))]
    public void EveryTypeIsReadInBothByteOrders(VoxelType type, bool bigEndian, bool gzip)
    {
        byte[] file = NiftiFiles.Create(type, bigEndian, slope: 0.5f, intercept: -3, channels: 2);
        string name = gzip ? "v.nii.gz" : "v.nii";
        File.WriteAllBytes(Folder[name], gzip ? Gzip.Compress(file) : file);
        float[] values = Read(Folder, name, TwoChannels);
        for (int position = 0; position < 24; position++)
        {
            for (int channel = 0; channel < 2; channel++)
            {
                Assert.AreEqual(
                    0.5f * NiftiFiles.Stored(position + 24 * channel) - 3,
                    values[2 * position + channel],
                    $"voxel {position}, channel {channel}");
            }
        }
    }

    [TestMethod]
    public void ASlopeOfZeroMeansNoScaling()
    {
        File.WriteAllBytes(
            Folder["v.nii"], NiftiFiles.Create(VoxelType.Int16, bigEndian: false, slope: 0, intercept: 7));
        Assert.AreEqual(NiftiFiles.Stored(5), Read(Folder, "v.nii", Sample)[5]);
    }

    [TestMethod]
    public void ASliceIsAnImage()
    {
        byte[] file = NiftiFiles.Create(VoxelType.UInt8, bigEndian: false);
        NiftiFiles.Write(file, 40, [2, 4, 6, 1]);
        File.WriteAllBytes(Folder["v.nii"], file);
        Assert.AreEqual(NiftiFiles.Stored(23), Read(Folder, "v.nii", new Shape(1, 6, 4, 1))[23]);
    }

    [TestMethod]
    [DataRow("v.raw")]
    [DataRow("v.raw.gz")]
    public void ARawFileIsReadAsTheSettingsSay(string name)
    {
        byte[] numbers = new byte[48];
        for (int i = 0; i < 24; i++)
        {
            BinaryPrimitives.WriteInt16LittleEndian(numbers.AsSpan(2 * i), (short)(100 * i - 1000));
        }
        File.WriteAllBytes(
            Folder[name], name.EndsWith("gz", StringComparison.Ordinal) ? Gzip.Compress(numbers) : numbers);
        CollectionAssert.AreEqual(
            Enumerable.Range(0, 24).Select(i => 100f * i - 1000).ToArray(),
            Read(Folder, name, Sample, VoxelType.Int16));
    }

    [TestMethod]
    public void NormalisationIsThatOfTheTrainingSet()
    {
        double[] values = Write(Folder, "train.csv", ("a.nii", "1"), ("b.nii", "0"), ("c.nii", "1"));
        using ImageDataset train = Open(Folder, DatasetSplit.Train);
        ChannelNormalization normalization = Datasets.Normalization(new DataSettings(), train);
        double mean = values.Average(), deviation = Math.Sqrt(values.Average(x => (x - mean) * (x - mean)));
        Assert.AreEqual(mean, normalization.Mean[0], 1e-9 * Math.Abs(mean));
        Assert.AreEqual(deviation, normalization.Deviation[0], 1e-9 * deviation);
        using SampleReader reader = train.OpenReader();
        float[] normalised = reader.Read(1, default, new SampleTransform(Nothing, normalization), train.Sample);
        for (int i = 0; i < 24; i++)
        {
            Assert.AreEqual((values[24 + i] - mean) / deviation, normalised[i], 1e-6);
        }
    }

    [TestMethod]
    public void HalfOfTheVolumesAreMirroredAndTheirChannelsKeepTheirOrder()
    {
        File.WriteAllBytes(Folder["v.nii"], NiftiFiles.Create(VoxelType.Float32, bigEndian: false, channels: 2));
        File.WriteAllText(Folder["train.csv"], "file,label\nv.nii,0\nv.nii,1\n");
        using VolumeDataset train = VolumeDataset.Open(Folder.Path, DatasetSplit.Train, TwoChannels);
        float[] plain = Read(Folder, "v.nii", TwoChannels), mirrored = new float[48];
        for (int i = 0; i < 48; i++)
        {
            mirrored[i / 8 * 8 + (3 - i / 2 % 4) * 2 + i % 2] = plain[i];
        }
        using SampleReader reader = train.OpenReader();
        SampleTransform transform = new(new Augmentation { Flip = true }, new([0, 0], [1, 1]));
        int flips = 0;
        for (int epoch = 0; epoch < 200; epoch++)
        {
            float[] actual = reader.Read(0, new SampleKey(1, epoch, 0), transform, train.Sample);
            bool flipped = actual.SequenceEqual(mirrored);
            Assert.IsTrue(flipped || actual.SequenceEqual(plain));
            flips += flipped ? 1 : 0;
        }
        Assert.IsLessThan(5 * Math.Sqrt(200) / 2, Math.Abs(flips - 100.0));
    }

    [TestMethod]
    public void LabelsAreSortedByValueOrByName()
    {
        Write(Folder, "train.csv", ("a,b.nii", "10"), ("c.nii", "9"));
        Write(Folder, "test.csv", ("c.nii", "10"));
        using VolumeDataset train = VolumeDataset.Open(Folder.Path, DatasetSplit.Train, Sample);
        using VolumeDataset test = VolumeDataset.Open(Folder.Path, DatasetSplit.Test, Sample);
        CollectionAssert.AreEqual(new[] { "9", "10" }, train.Classes.ToArray());
        Assert.AreEqual((1, 0, 1, Folder["a,b.nii"]), (train.Label(0), train.Label(1), test.Label(0), train.Name(0)));
        Write(Folder, "train.csv", ("a.nii", "sick"), ("c.nii", "healthy"));
        CollectionAssert.AreEqual(
            new[] { "healthy", "sick" }, VolumeDataset.Open(Folder.Path, DatasetSplit.Train, Sample).Classes.ToArray());
        string refusal = Refused(() => VolumeDataset.Open(Folder.Path, DatasetSplit.Test, Sample));
        Assert.Contains("test.csv: the class '10' is not one of the 2 of the training set (healthy, sick)", refusal);
    }

    [TestMethod]
    [DataRow("", "train.csv: line 1 is ''")]
    [DataRow("file|label\n", "line 1 is 'file|label', expected file,label")]
    [DataRow("file;label\n", "the list is empty")]
    [DataRow("file,label\n\"a.nii,1\n", "line 2 has quotes that do not match")]
    [DataRow("label,file,site\n1,a.nii,x\n\n2,b.nii\n", "line 4 is '2,b.nii', expected 3 fields as in line 1")]
    [DataRow("file,label\n", "the list is empty")]
    [DataRow("file,label\na.nii\n", "line 2 is 'a.nii', expected a file and a label")]
    [DataRow("file,label\na.nii,1\nb.nii, \n", "line 3 is 'b.nii, ', expected a file and a label")]
    [DataRow("file,label\n ,1\n", "line 2 is ' ,1', expected a file and a label")]
    public void AListThatCannotBeReadIsExplained(string text, string message)
    {
        File.WriteAllText(Folder["train.csv"], text.Length == 0 ? "\n" : text);
        Assert.Contains(message, Refused(() => VolumeDataset.Open(Folder.Path, DatasetSplit.Train, Sample)));
        File.Delete(Folder["train.csv"]);
        Assert.Contains(
            "the list cannot be read", Refused(() => VolumeDataset.Open(Folder.Path, DatasetSplit.Train, Sample)));
    }

    [TestMethod]
    [DataRow(0, 349, "the header's size is 349, expected 348")]
    [DataRow(40, 9, "rank 9")]
    [DataRow(42, -4, "dimension 1 is -4")]
    [DataRow(42, 5, "the volume is 2 × 3 × 5 voxels of 1 channels, expected 2 × 3 × 4")]
    [DataRow(48, 2, "voxels of 2 channels")]
    [DataRow(70, 128, "the data type is 128")]
    [DataRow(70, 4, "the file ends here, expected 24 more bytes")]
    [DataRow(344, 105, "the magic is not 'n+1'")]
    public void AHeaderThatDoesNotFitIsExplained(int offset, int value, string message)
    {
        byte[] file = NiftiFiles.Create(VoxelType.UInt8, bigEndian: false);
        NiftiFiles.Write(file, 40, [4, 4, 3, 2, 1]);
        NiftiFiles.Write(file, offset, [(short)value]);
        File.WriteAllBytes(Folder["v.nii"], file);
        Assert.Contains(message, Refused(() => Read(Folder, "v.nii", Sample)));
    }

    [TestMethod]
    public void WhatFollowsOrIsNotFiniteIsRefused()
    {
        File.WriteAllBytes(Folder["long.raw"], new byte[25]);
        Assert.Contains("byte 24: the file goes on", Refused(() => Read(Folder, "long.raw", Sample)));
        byte[] infinite = new byte[96];
        BinaryPrimitives.WriteSingleLittleEndian(infinite.AsSpan(4 * 7), float.NaN);
        File.WriteAllBytes(Folder["nan.raw"], infinite);
        Assert.Contains("voxel 7 is NaN", Refused(() => Read(Folder, "nan.raw", Sample, VoxelType.Float32)));
        Assert.Contains("the file cannot be read", Refused(() => Read(Folder, "absent.nii", Sample)));
    }

    private static ImageDataset Open(TemporaryFolder folder, DatasetSplit split) => Datasets.Open(
        new DataSettings
        {
            Dataset = DatasetKind.Volumes,
            Path = folder.Path,
            Extents = [2, 3, 4],
            Channels = 1,
            Classes = 2,
        }, split);

    private static float[] Read(TemporaryFolder folder, string name, Shape sample, VoxelType rawType = VoxelType.UInt8)
    {
        float[] values = new float[sample.Count];
        new VolumeFile(sample, rawType).Read(folder[name], values);
        return values;
    }

    // The list and its files; all their values.
    private static double[] Write(TemporaryFolder folder, string list, params (string File, string Label)[] lines)
    {
        File.WriteAllLines(folder[list], ["file,label", .. lines.Select(line => $"{line.File},{line.Label}")]);
        List<double> values = [];
        foreach ((string file, _) in lines)
        {
            float intercept = 1000 + values.Count;
            File.WriteAllBytes(folder[file], NiftiFiles.Create(VoxelType.Int16, bigEndian: false, slope: 2, intercept));
            values.AddRange(Enumerable.Range(0, 24).Select(i => 2.0 * NiftiFiles.Stored(i) + intercept));
        }
        return [.. values];
    }

    private static string Refused(Action read) => Assert.ThrowsExactly<DataFileException>(read).Message;
}
