namespace RevUp.Tests.Data;

/// <summary>
/// The python version of CIFAR: pickles of NumPy arrays, as Python 2 and 3 write them.
/// </summary>
[TestClass]
public sealed class CifarPythonTests : FolderTest
{
    private const int ImageBytes = 3072;

    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public void Cifar10IsReadFromPickles(bool python3)
    {
        File.WriteAllBytes(Folder["batches.meta"], CifarPickles.Names("label_names", 10, python3));
        for (int batch = 1; batch <= 5; batch++)
        {
            File.WriteAllBytes(
                Folder[$"data_batch_{batch}"], CifarPickles.Batch("labels", [batch, 9 - batch], python3));
        }
        File.WriteAllBytes(Folder["test_batch"], CifarPickles.Batch("labels", [7], python3));
        Assert.AreEqual(DatasetKind.Cifar10, DatasetLayout.Recognize(Folder.Path));
        CifarDataset train = CifarDataset.OpenCifar10(Folder.Path, DatasetSplit.Train), test = CifarDataset.OpenCifar10(
            Folder.Path, DatasetSplit.Test);
        Assert.AreEqual(
            (10, 1, 2, 7, "class 9"), (train.Count, test.Count, train.Label(2), test.Label(0), train.Classes[9]));
        for (int i = 0; i < ImageBytes; i++)
        {
            Assert.AreEqual(CifarPickles.Pixel(1, i % 3 * 1024 + i / 3), train.Pixels(1)[i]);
        }
    }

    [TestMethod]
    public void Cifar100TakesTheFineLabels()
    {
        File.WriteAllBytes(Folder["meta"], CifarPickles.Names("fine_label_names", 100, python3: false));
        File.WriteAllBytes(Folder["train"], CifarPickles.Batch("fine_labels", [99, 42], python3: false));
        File.WriteAllBytes(Folder["test"], CifarPickles.Batch("fine_labels", [1], python3: false));
        Assert.AreEqual(DatasetKind.Cifar100, DatasetLayout.Recognize(Folder.Path));
        CifarDataset train = CifarDataset.OpenCifar100(Folder.Path, DatasetSplit.Train);
        Assert.AreEqual((99, 42, 100), (train.Label(0), train.Label(1), train.Classes.Count));
    }

    [TestMethod]
    public void BinaryFilesUnderPythonNamesAreReadByTheirContent()
    {
        File.WriteAllText(Folder["batches.meta"], string.Concat(Enumerable.Range(0, 10).Select(i => $"class {i}\r\n")));
        File.WriteAllBytes(Folder["test_batch"], [4, .. new byte[ImageBytes]]);
        CifarDataset test = CifarDataset.OpenCifar10(Folder.Path, DatasetSplit.Test);
        Assert.AreEqual((4, "class 3"), (test.Label(0), test.Classes[3]));
    }

    [TestMethod]
    public void DamageIsNamed()
    {
        File.WriteAllBytes(Folder["batches.meta"], CifarPickles.Names("label_names", 10, python3: false));
        byte[] whole = CifarPickles.Batch("labels", [7, 8], python3: false);
        for (int length = 2; length < whole.Length; length += length < 300 || length > whole.Length - 40 ? 1 : 97)
        {
            File.WriteAllBytes(Folder["test_batch"], whole[..length]);
            Assert.StartsWith(Folder["test_batch"], Refused(Folder), $"cut to {length}");
        }
        File.WriteAllBytes(Folder["test_batch"], CifarPickles.Batch("labels", [7, 10], python3: false));
        Assert.StartsWith(
            $"{Folder["test_batch"]}: label 1 is 10, expected 0 to 9; fetch the file again. The python and binary ",
            Refused(Folder));
        File.WriteAllBytes(Folder["test_batch"], CifarPickles.Batch("others", [7], python3: false));
        Assert.Contains("the pickle has no 'labels'", Refused(Folder));
        // Nothing that a pickle asks for is run.
        File.WriteAllBytes(Folder["test_batch"], [0x80, 2, .. "cos\nsystem\nU\u0004true\u0085R."u8]);
        Assert.Contains("test_batch", Refused(Folder));
    }

    private static string Refused(TemporaryFolder folder) =>
        Assert.ThrowsExactly<DataFileException>(() => CifarDataset.OpenCifar10(folder.Path, DatasetSplit.Test)).Message;
}
