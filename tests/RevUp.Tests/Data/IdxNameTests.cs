namespace RevUp.Tests.Data;

/// <summary>
/// IDX datasets under the names, sizes and numbers of classes that people download.
/// </summary>
[TestClass]
public sealed class IdxNameTests : FolderTest
{
    [TestMethod]
    [DataRow("", "-idx")]
    [DataRow("", ".idx")]
    [DataRow("raw/", "-idx")]
    [DataRow("MNIST/raw/", "-idx")]
    [DataRow("gzip/emnist-digits-", "-idx")]
    public void FilesAreFoundByTheirNames(string prefix, string separator)
    {
        Write(Folder, prefix, separator, extent: 28, [3, 1], [2]);
        Assert.AreEqual(DatasetKind.Mnist, DatasetLayout.Recognize(Folder.Path));
        DataSettings settings = new() { Dataset = DatasetKind.Mnist, Path = Folder.Path };
        using ImageDataset train = Datasets.Open(settings, DatasetSplit.Train), test = Datasets.Open(
            settings, DatasetSplit.Test);
        Assert.AreEqual((2, 3, 1, 1, 2), (train.Count, train.Label(0), train.Label(1), test.Count, test.Label(0)));
    }

    [TestMethod]
    public void AFileInAFolderOfItsNameIsFound()
    {
        Write(Folder, "", "-idx", extent: 28, [3], [2]);
        foreach (string file in Directory.GetFiles(Folder.Path))
        {
            File.Move(file, Folder["x"]);
            Directory.CreateDirectory(file);
            File.Move(Folder["x"], Path.Combine(file, Path.GetFileName(file)));
        }
        Assert.AreEqual(3, IdxDataset.Open(Folder.Path, DatasetSplit.Train).Label(0));
    }

    [TestMethod]
    public void SeveralDatasetsInAFolderAreToldApartByTheirPrefix()
    {
        Write(Folder, "emnist-letters-", "-idx", extent: 28, [1, 26], [2]);
        Write(Folder, "emnist-balanced-", "-idx", extent: 28, [46, 0], [45]);
        File.WriteAllLines(
            Folder["emnist-letters-mapping.txt"], Enumerable.Range(1, 26).Select(i => $"{i} {64 + i} {96 + i}"));
        string message = Assert.ThrowsExactly<DataFileException>(
            () => IdxDataset.Open(Folder.Path, DatasetSplit.Train)).Message;
        Assert.Contains("holds 2 datasets ('emnist-balanced-', 'emnist-letters-')", message);

        DataSettings letters = new() { Dataset = DatasetKind.Mnist, Path = Folder["emnist-letters"], Classes = 26 };
        using ImageDataset train = Datasets.Open(letters, DatasetSplit.Train);
        Assert.AreEqual(("A", "Z", 0, 25), (train.Classes[0], train.Classes[25], train.Label(0), train.Label(1)));
        Assert.AreEqual(DatasetKind.Mnist, DatasetLayout.Recognize(Folder["emnist-letters"]));
        Assert.AreEqual(26, DatasetSummary.Read(Folder["emnist-letters"]).Parts[0].Classes.Count);

        DataSettings balanced = letters with { Path = Folder["emnist-balanced"], Classes = 47 };
        using ImageDataset numbers = Datasets.Open(balanced, DatasetSplit.Train);
        Assert.AreEqual((47, "46", 46), (numbers.Classes.Count, numbers.Classes[46], numbers.Label(0)));
        Assert.AreEqual(47, DatasetSummary.Read(Folder["emnist-balanced"]).Parts[1].Classes.Count);
        Assert.Refuses<DataFileException>(
            () => Datasets.Open(balanced with { Classes = 10 }, DatasetSplit.Train),
            "label 0 is 46, expected 0 to 9, and the largest label of the file is 46; name all classes (data.classes)");
    }

    [TestMethod]
    public void OtherExtentsAreStatedByTheRecipe()
    {
        Write(Folder, "", "-idx", extent: 12, [3], [2]);
        DataSettings settings = new() { Dataset = DatasetKind.Mnist, Path = Folder.Path };
        Assert.Refuses<ConfigurationException>(
            () => Datasets.Open(settings, DatasetSplit.Train), "set data.extents to [12, 12]");
        using ImageDataset train = Datasets.Open(settings with { Extents = [12, 12] }, DatasetSplit.Train);
        Assert.AreEqual(new Shape(1, 12, 12, 1), train.Sample);
    }

    [TestMethod]
    public void AFileWithoutImagesAndABadMappingAreNamed()
    {
        Write(Folder, "", "-idx", extent: 12, [], []);
        Assert.Refuses<DataFileException>(
            () => IdxDataset.Open(Folder.Path, DatasetSplit.Train), "the file has no image");
        foreach ((string line, string problem) in
            new[] { ("0 x", "line 2 is '0 x'"), ("7 65", "line 2 is '7 65'"), ("300 65", "line 2 is") })
        {
            File.WriteAllText(Folder["mapping.txt"], $"7 64\n{line}\n");
            Assert.Refuses<DataFileException>(() => IdxMapping.Read(Folder["mapping.txt"]), problem);
        }
    }

    private static void Write(
        TemporaryFolder folder, string prefix, string separator, byte extent, byte[] train, byte[] test)
    {
        foreach ((string part, byte[] labels) in new[] { ("train", train), ("t10k", test) })
        {
            byte count = (byte)labels.Length;
            string images = folder[$"{prefix}{part}-images{separator}3-ubyte"];
            Directory.CreateDirectory(Path.GetDirectoryName(images)!);
            File.WriteAllBytes(
                images,
                [0, 0, 8, 3, 0, 0, 0, count, 0, 0, 0, extent, 0, 0, 0, extent, .. new byte[count * extent * extent]]);
            File.WriteAllBytes(
                folder[$"{prefix}{part}-labels{separator}1-ubyte.gz"],
                Gzip.Compress([0, 0, 8, 1, 0, 0, 0, count, .. labels]));
        }
    }
}
