namespace RevUp.Tests.Data;

[TestClass]
public sealed class DatasetsTests : FolderTest
{
    private static readonly DataSettings Synthetic =
        new() { Dataset = DatasetKind.Synthetic, Extents = [6, 4], Channels = 2, Classes = 3 };

    [TestMethod]
    [DataRow(DatasetKind.ImageFolder, 3)]
    [DataRow(DatasetKind.WebDataset, 3)]
    [DataRow(DatasetKind.Volumes, 1)]
    [DataRow(DatasetKind.Synthetic, 1)]
    public void ImagesAreColoredUnlessToldOtherwise(DatasetKind kind, int expected)
    {
        DataSettings settings = new() { Dataset = kind, Extents = [8, 8] };
        Assert.AreEqual(expected, settings.Sample.Channels);
        Assert.AreEqual(2, (settings with { Channels = 2 }).Sample.Channels);
    }

    [TestMethod]
    public void SyntheticDataHasTheShapeThatTheSettingsPromise()
    {
        ImageDataset data = Datasets.Open(Synthetic with { TrainingSamples = 20 }, DatasetSplit.Train);
        Assert.AreEqual((20, new Shape(1, 6, 4, 2), 3), (data.Count, data.Sample, data.Classes.Count));
        Assert.AreEqual(new Shape(1, 6, 4, 2), Synthetic.Sample);
        Assert.AreEqual(3, Synthetic.ClassCount);
        Assert.AreEqual(DataSettings.SyntheticSamples, Datasets.Open(Synthetic, DatasetSplit.Train).Count);
    }

    [TestMethod]
    public void TheTestSetDoesNotDependOnTheTrainingSamples()
    {
        ImageDataset few = Datasets.Open(Synthetic with { TrainingSamples = 1 }, DatasetSplit.Test);
        ImageDataset all = Datasets.Open(Synthetic, DatasetSplit.Test);
        Assert.AreEqual(all.Count, few.Count);
        CollectionAssert.AreEqual(Read(all, 7), Read(few, 7));
    }

    [TestMethod]
    public void AVolumeHasTheBytesOfAnImageOfAllItsSlices()
    {
        DataSettings settings = Synthetic with { Extents = [5, 3, 4], TrainingSamples = 2 };
        using ImageDataset volumes = Datasets.Open(settings, DatasetSplit.Train);
        using ImageDataset images = Datasets.Open(settings with { Extents = [15, 4] }, DatasetSplit.Train);
        Assert.AreEqual(new Shape(1, 5, 3, 4, 2), volumes.Sample);
        CollectionAssert.AreEqual(Read(images, 1), Read(volumes, 1));
    }

    [TestMethod]
    public void TheFirstSamplesOfASetAreUsedAndNoOthers()
    {
        WriteMnist(Folder, count: 5);
        DataSettings settings = new() { Dataset = DatasetKind.Mnist, Path = Folder.Path };
        ImageDataset all = Datasets.Open(settings, DatasetSplit.Train);
        ImageDataset first = Datasets.Open(settings with { TrainingSamples = 3 }, DatasetSplit.Train);
        Assert.AreEqual((5, 3, 10), (all.Count, first.Count, first.Classes.Count));
        Assert.AreEqual(5, Datasets.Open(settings with { TrainingSamples = 5 }, DatasetSplit.Train).Count);
        for (int i = 0; i < first.Count; i++)
        {
            CollectionAssert.AreEqual(Read(all, i), Read(first, i));
            Assert.AreEqual(all.Label(i), first.Label(i));
        }
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => first.Label(3));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => first.Name(-1));
        string message = Assert.ThrowsExactly<ConfigurationException>(
            () => Datasets.Open(settings with { TrainingSamples = 6 }, DatasetSplit.Train)).Message;
        Assert.AreEqual(
            "data.trainingSamples is 6, but the training set has 5; use a smaller number, or 0 for all.", message);
    }

    [TestMethod]
    public void WhatTheDataCannotDoIsExplained()
    {
        Assert.Contains("data.path is missing", Refusal(new DataSettings { Dataset = DatasetKind.Mnist }));
        Assert.Contains("at most 256 classes", Refusal(Synthetic with { Classes = 300 }));
        Assert.Contains("set data.trainingSamples to fewer", Refusal(Synthetic with { Extents = [4096, 4096] }));
        // 2⁶⁹ bytes, which is 0 in 64 bits.
        Assert.Contains(
            "590295810358705651712 bytes",
            Refusal(Synthetic with { Extents = [65_536, 65_536, 65_536], Channels = 4096 }));
        Assert.Contains("data.extents is []", Refusal(Synthetic with { Extents = [] }));
        DataFileException missing = Assert.ThrowsExactly<DataFileException>(() =>
            Datasets.Open(
                new DataSettings { Dataset = DatasetKind.FashionMnist, Path = "absent" }, DatasetSplit.Train));
        Assert.Contains("absent: there is no such folder; give the one of the four IDX files", missing.Message);
    }

    [TestMethod]
    public void OneClassAloneIsRefusedByItsName()
    {
        Support.ImageFiles.WriteFolder(Folder["train"], ["ant/0.png", "ant/1.png"]);
        DataSettings settings =
            new() { Dataset = DatasetKind.ImageFolder, Path = Folder.Path, Extents = [4, 4], Channels = 3 };
        Assert.StartsWith($"The data in {Folder.Path} has only the class 'ant',", Refusal(settings));
    }

    private static float[] Read(ImageDataset dataset, int index)
    {
        using SampleReader reader = dataset.OpenReader();
        int channels = dataset.Sample.Channels;
        ChannelNormalization identity = new(new double[channels], [.. Enumerable.Repeat(1.0, channels)]);
        return reader.Read(index, default, new SampleTransform(new Augmentation(), identity), dataset.Sample);
    }

    private static string Refusal(DataSettings settings) =>
        Assert.ThrowsExactly<ConfigurationException>(() => Datasets.Open(settings, DatasetSplit.Train)).Message;

    private static void WriteMnist(TemporaryFolder folder, byte count)
    {
        const int Pixels = 28 * 28;
        byte[] images = [.. Enumerable.Range(0, count * Pixels).Select(i => (byte)(i / Pixels * 16 + i % 7))];
        File.WriteAllBytes(
            folder["train-images-idx3-ubyte"], [0, 0, 8, 3, 0, 0, 0, count, 0, 0, 0, 28, 0, 0, 0, 28, .. images]);
        File.WriteAllBytes(
            folder["train-labels-idx1-ubyte"],
            [0, 0, 8, 1, 0, 0, 0, count, .. Enumerable.Range(0, count).Select(i => (byte)(9 - i))]);
    }
}
