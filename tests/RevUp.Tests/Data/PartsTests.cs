namespace RevUp.Tests.Data;

/// <summary>Train, validation and test are three parts, whatever the data is.</summary>
[TestClass]
public sealed class PartsTests : FolderTest
{
    [TestMethod]
    [DataRow("val")]
    [DataRow("valid")]
    [DataRow("Validation")]
    public void AFolderOfValidationIsNoTestSet(string name)
    {
        ImageFiles.WriteFolder(Folder["train"], "a/0.png", "b/1.png");
        ImageFiles.WriteFolder(Folder[name], "a/2.png", "b/3.png", "b/4.png");
        DataSettings settings = Images(Folder);

        Assert.IsFalse(Datasets.Has(settings, DatasetSplit.Test));
        Assert.AreEqual(DatasetSplit.Validation, Datasets.Judged(settings));
        using (ImageDataset validation = Datasets.Open(settings, DatasetSplit.Validation))
        {
            Assert.AreEqual(3, validation.Count);
        }
        Assert.ThrowsExactly<DataFileException>(() => Datasets.Open(settings, DatasetSplit.Test));

        ImageFiles.WriteFolder(Folder["test"], "a/5.png");
        Assert.AreEqual(DatasetSplit.Test, Datasets.Judged(settings));
        using ImageDataset test = Datasets.Open(settings, DatasetSplit.Test);
        Assert.AreEqual(1, test.Count);
        CollectionAssert.AreEqual(
            (string[])["train", "validation", "test"],
            DatasetLayout.Parts(Folder.Path).Select(part => part.Name).ToArray());
    }

    [TestMethod]
    [DataRow("val.csv")]
    [DataRow("valid.csv")]
    [DataRow("validation.csv")]
    public void VolumesHaveThreeLists(string name)
    {
        File.WriteAllText(Folder["train.csv"], "file,label\n0.nii,a\n1.nii,b\n");
        File.WriteAllText(Folder[name], "file,label\n2.nii,b\n3.nii,a\n4.nii,a\n");
        DataSettings settings = new()
        {
            Dataset = DatasetKind.Volumes,
            Path = Folder.Path,
            Extents = [2, 3, 4],
            Classes = 2,
        };
        Assert.AreEqual(DatasetSplit.Validation, Datasets.Judged(settings));
        CollectionAssert.AreEqual(
            (DatasetSplit[])[DatasetSplit.Train, DatasetSplit.Validation], VolumeDataset.Parts(Folder.Path));

        File.WriteAllText(Folder["test.csv"], "file,label\n5.nii,b\n");
        using ImageDataset validation = Datasets.Open(settings, DatasetSplit.Validation);
        using ImageDataset test = Datasets.Open(settings, DatasetSplit.Test);
        Assert.AreEqual((3, 1), (validation.Count, test.Count));
        Assert.AreEqual((1, 0, 0), (validation.Label(0), validation.Label(1), validation.Label(2)));
    }

    [TestMethod]
    public void HoldingOutBesideAValidationPartIsRefused()
    {
        ImageFiles.WriteFolder(Folder["train"], "a/0.png", "b/1.png");
        ImageFiles.WriteFolder(Folder["val"], "a/2.png");
        DataSettings settings = Images(Folder) with { ValidationSamples = 1 };
        Assert.Refuses<ConfigurationException>(
            () => Datasets.Open(settings, DatasetSplit.Validation), "has a validation part; set it to 0");
    }

    [TestMethod]
    public void AMissingPartNamesTheWayOut()
    {
        DataSettings settings = new() { Dataset = DatasetKind.FashionMnist };
        Assert.Refuses<ConfigurationException>(
            () => Datasets.Open(settings, DatasetSplit.Validation),
            "set data.validationSamples to hold out samples of the training set");
    }

    private static DataSettings Images(TemporaryFolder folder) => new()
    {
        Dataset = DatasetKind.ImageFolder,
        Path = folder.Path,
        Extents = [6, 6],
        Classes = 2,
    };
}
