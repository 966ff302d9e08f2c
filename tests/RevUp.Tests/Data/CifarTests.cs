namespace RevUp.Tests.Data;

[TestClass]
public sealed class CifarTests : FolderTest
{
    private const int Plane = 32 * 32;

    [TestMethod]
    public void Cifar10IsReadInTheOrderOfItsFilesChannelsLast()
    {
        using TemporaryFolder folder = Cifar10();
        using ImageDataset train = Datasets.Open(
            new DataSettings { Dataset = DatasetKind.Cifar10, Path = folder.Path }, DatasetSplit.Train);
        CifarDataset test = CifarDataset.OpenCifar10(folder.Path, DatasetSplit.Test);
        Assert.AreEqual((10, 2, 10), (train.Count, test.Count, test.Classes.Count));
        Assert.AreEqual("class 9", train.Classes[9]);
        for (int file = 0; file < 5; file++)
        {
            Assert.AreEqual((file, file + 1), (train.Label(2 * file), train.Label(2 * file + 1)));
        }
        ReadOnlySpan<byte> pixels = test.Pixels(1);
        for (int i = 0; i < pixels.Length; i++)
        {
            Assert.AreEqual(Pixel(file: 5, image: 1, channel: i % 3, position: i / 3), pixels[i]);
        }
    }

    [TestMethod]
    public void Cifar100TakesTheFineLabel()
    {
        File.WriteAllLines(Folder["fine_label_names.txt"], Enumerable.Range(0, 100).Select(i => $"class {i}"));
        File.WriteAllBytes(Folder["train.bin"], [19, 99, .. Image(0, 0), 3, 42, .. Image(0, 1)]);
        CifarDataset train = CifarDataset.OpenCifar100(Folder.Path, DatasetSplit.Train);
        Assert.AreEqual((99, 42, 100), (train.Label(0), train.Label(1), train.Classes.Count));
        Assert.AreEqual(Pixel(0, 1, 2, 7), train.Pixels(1)[3 * 7 + 2]);
    }

    [TestMethod]
    public void WhatIsMissingOrDamagedIsNamedWithWhereToGetIt()
    {
        using TemporaryFolder folder = Cifar10();
        File.WriteAllBytes(folder["test_batch.bin"], new byte[3074]);
        AssertRefused("test_batch.bin: it has 3074 bytes, expected a multiple of 3073", folder, DatasetSplit.Test);
        File.WriteAllBytes(folder["data_batch_3.bin"], [10, .. Image(0, 0)]);
        AssertRefused("data_batch_3.bin, byte 0: the label is 10, expected 0 to 9", folder, DatasetSplit.Train);
        File.Delete(folder["data_batch_2.bin"]);
        AssertRefused("data_batch_2.bin: the file cannot be read", folder, DatasetSplit.Train);
        File.WriteAllText(folder["batches.meta.txt"], "airplane\n");
        AssertRefused("batches.meta.txt: it names 1 classes, expected 10", folder, DatasetSplit.Train);
        string missing = Assert.ThrowsExactly<ConfigurationException>(
            () => Datasets.Open(new DataSettings { Dataset = DatasetKind.Cifar10 }, DatasetSplit.Train)).Message;
        Assert.StartsWith("data.path is missing", missing);
        Assert.Contains("www.cs.toronto.edu", missing);
    }

    private static void AssertRefused(string message, TemporaryFolder folder, DatasetSplit split)
    {
        Assert.Refuses<DataFileException>(
            () => CifarDataset.OpenCifar10(folder.Path, split), message, "www.cs.toronto.edu");
    }

    private static TemporaryFolder Cifar10()
    {
        TemporaryFolder folder = new();
        // The real file ends with an empty line.
        File.WriteAllText(
            folder["batches.meta.txt"], string.Concat(Enumerable.Range(0, 10).Select(i => $"class {i}\n")) + "\n");
        string[] files = [.. Enumerable.Range(1, 5).Select(i => $"data_batch_{i}.bin"), "test_batch.bin"];
        for (int file = 0; file < files.Length; file++)
        {
            File.WriteAllBytes(
                folder[files[file]], [(byte)file, .. Image(file, 0), (byte)(file + 1), .. Image(file, 1)]);
        }
        return folder;
    }

    private static byte[] Image(int file, int image) =>
        [.. Enumerable.Range(0, 3 * Plane).Select(i => Pixel(file, image, i / Plane, i % Plane))];

    private static byte Pixel(int file, int image, int channel, int position) =>
        (byte)(file * 31 + image * 17 + channel * 5 + position);
}
