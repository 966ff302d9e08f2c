namespace RevUp.Tests.Data;

[TestClass]
public sealed class IdxTests : FolderTest
{
    // Two images of 2 × 3 and their labels, written by hand from the format's description.
    private static readonly byte[] Images =
        [0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 3, 1, 2, 3, 4, 5, 6, 250, 251, 252, 253, 254, 255];
    private static readonly byte[] Labels = [0, 0, 8, 1, 0, 0, 0, 2, 9, 0];

    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public void ADatasetIsReadAsItWasWritten(bool compressed)
    {
        using TemporaryFolder folder = Write(Images, Labels, compressed);
        IdxDataset dataset = IdxDataset.Open(folder.Path, DatasetSplit.Test);
        Assert.AreEqual((2, new Shape(1, 2, 3, 1), 10), (dataset.Count, dataset.Sample, dataset.Classes.Count));
        CollectionAssert.AreEqual(new byte[] { 1, 2, 3, 4, 5, 6 }, dataset.Pixels(0).ToArray());
        CollectionAssert.AreEqual(new byte[] { 250, 251, 252, 253, 254, 255 }, dataset.Pixels(1).ToArray());
        Assert.AreEqual((9, 0), (dataset.Label(0), dataset.Label(1)));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => dataset.Pixels(2).Length);
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => dataset.Label(-1));
    }

    [TestMethod]
    public void CompressionIsRecognisedByContentNotByName()
    {
        File.WriteAllBytes(Folder["t10k-images-idx3-ubyte"], Gzip.Compress(Images));
        File.WriteAllBytes(Folder["t10k-labels-idx1-ubyte.gz"], Labels);
        Assert.AreEqual(2, IdxDataset.Open(Folder.Path, DatasetSplit.Test).Count);
    }

    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public void TruncationAtEveryByteIsFound(bool compressed)
    {
        byte[] whole = compressed ? Gzip.Compress(Images) : Images;
        for (int length = 0; length < whole.Length; length++)
        {
            File.WriteAllBytes(Folder["images"], whole[..length]);
            DataFileException error = Refused(
                () => IdxFile.Read(Folder["images"], rank: 3), $"cut to {length} of {whole.Length} bytes");
            Assert.IsNotNull(error.Offset);
        }
    }

    [TestMethod]
    public void EveryBitFlipOfTheHeaderIsFound()
    {
        for (int bit = 0; bit < 16 * 8; bit++)
        {
            byte[] damaged = [.. Images];
            damaged[bit / 8] ^= (byte)(1 << bit % 8);
            File.WriteAllBytes(Folder["images"], damaged);
            DataFileException error = Refused(() => IdxFile.Read(Folder["images"], rank: 3), $"bit {bit} flipped");
            Assert.StartsWith($"{Folder["images"]}, byte ", error.Message);
        }
    }

    [TestMethod]
    public void EveryBitFlipOfCompressedDataIsFoundOrHarmless()
    {
        byte[] whole = Gzip.Compress(Images);
        for (int bit = 0; bit < whole.Length * 8; bit++)
        {
            byte[] damaged = [.. whole];
            damaged[bit / 8] ^= (byte)(1 << bit % 8);
            File.WriteAllBytes(Folder["images"], damaged);
            try
            {
                CollectionAssert.AreEqual(
                    Images[16..], IdxFile.Read(Folder["images"], rank: 3).Elements.ToArray(), $"bit {bit} flipped");
            }
            catch (DataFileException)
            {
            }
        }
    }

    [TestMethod]
    [DataRow(0, 1, "magic number is 1, expected 0")]
    [DataRow(2, 13, "type code (8 = unsigned byte) is 13, expected 8")]
    [DataRow(3, 1, "number of dimensions is 1, expected 3")]
    [DataRow(4, 255, "extent 0 is 4278190082")]
    [DataRow(7, 3, "byte 28: the file ends here, expected 6 more of 18 elements")]
    [DataRow(7, 1, "byte 22: the file goes on after its 6 elements")]
    public void AHeaderThatDoesNotFitIsExplained(int offset, int value, string message)
    {
        byte[] damaged = [.. Images];
        damaged[offset] = (byte)value;
        File.WriteAllBytes(Folder["images"], damaged);
        Assert.Contains(message, Refused(() => IdxFile.Read(Folder["images"], rank: 3)).Message);
    }

    [TestMethod]
    public void AHeaderThatClaimsGigabytesDoesNotAllocateThem()
    {
        File.WriteAllBytes(Folder["labels"], Gzip.Compress([0, 0, 8, 1, 0x7F, 0, 0, 0, 1, 2, 3]));
        long before = GC.GetAllocatedBytesForCurrentThread();
        Refused(() => IdxFile.Read(Folder["labels"], rank: 1));
        Assert.IsLessThan(8 << 20, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [TestMethod]
    public void LabelsMustMatchImagesAndClasses()
    {
        using TemporaryFolder fewer = Write(Images, [0, 0, 8, 1, 0, 0, 0, 1, 9], compressed: false);
        Assert.Contains(
            "has 1 labels, expected 2", Refused(() => IdxDataset.Open(fewer.Path, DatasetSplit.Test)).Message);
        using TemporaryFolder outside = Write(Images, [0, 0, 8, 1, 0, 0, 0, 2, 9, 10], compressed: false);
        Assert.Contains(
            "byte 9: label 1 is 10, expected 0 to 9",
            Refused(() => IdxDataset.Open(outside.Path, DatasetSplit.Test)).Message);
    }

    [TestMethod]
    public void AMissingFileNamesWhatWasLookedForAndHowToGetIt()
    {
        string message = Refused(() => IdxDataset.Open(Folder.Path, DatasetSplit.Train)).Message;
        Assert.StartsWith(Folder["train-images-idx3-ubyte"], message);
        Assert.Contains("train-images-idx3-ubyte.gz", message);
        Assert.Contains("dataset-fashion-mnist", message);
    }

    [TestMethod]
    public void FashionMnistHasItsPublishedSizeAndStatistics()
    {
        if (!Directory.Exists(FashionMnist.DefaultFolder))
        {
            Assert.Inconclusive($"Fashion-MNIST is not installed in {FashionMnist.DefaultFolder}.");
        }

        IdxDataset train = IdxDataset.Open(FashionMnist.DefaultFolder, DatasetSplit.Train, FashionMnist.ClassNames);
        IdxDataset test = IdxDataset.Open(FashionMnist.DefaultFolder, DatasetSplit.Test, FashionMnist.ClassNames);
        Assert.AreEqual((60_000, 10_000, new Shape(1, 28, 28, 1)), (train.Count, test.Count, train.Sample));
        Assert.IsTrue(Enumerable.Range(0, train.Count).CountBy(train.Label).All(label => label.Value == 6000));
        Assert.AreEqual("Ankle boot", train.Classes[train.Label(0)]);

        var normalization = ChannelNormalization.Compute(train);
        Assert.AreEqual(0.2860, normalization.Mean[0], 5e-5); // the rounded numbers in common use
        Assert.AreEqual(0.3530, normalization.Deviation[0], 5e-5);
    }

    private static DataFileException Refused(Func<object> read, string message = "") =>
        Assert.ThrowsExactly<DataFileException>(read, message);

    private static TemporaryFolder Write(byte[] images, byte[] labels, bool compressed)
    {
        var folder = new TemporaryFolder();
        File.WriteAllBytes(
            folder["t10k-images-idx3-ubyte" + (compressed ? ".gz" : "")], compressed ? Gzip.Compress(images) : images);
        File.WriteAllBytes(
            folder["t10k-labels-idx1-ubyte" + (compressed ? ".gz" : "")], compressed ? Gzip.Compress(labels) : labels);
        return folder;
    }
}
