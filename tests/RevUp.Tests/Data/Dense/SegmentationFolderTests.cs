namespace RevUp.Tests.Data.Dense;

/// <summary>Folders as nnU-Net and the Decathlon have them, and what is wrong with some.</summary>
[TestClass]
public sealed class SegmentationFolderTests
{
    [TestMethod]
    public void ChannelsAreFilesOfTheirOwn()
    {
        using TemporaryFolder folder = new();
        CaseFolder.WriteNnUNet(folder.Path, channels: 2);
        SegmentationFolder read = SegmentationFolder.Read(folder.Path);
        Assert.AreEqual("a b c d", string.Join(' ', read.Cases.Select(files => files.Name)));
        CollectionAssert.AreEqual(new[] { "background", "box", "core" }, read.Labels.Names.ToArray());
        SourceCase source = SourceCase.Read(read.Cases[1], 2, read.Labels);
        Assert.AreEqual(new VolumeExtents(10, 11, 13, 2), source.Grid.Extents);
        for (int i = 0; i < source.Labels!.Length; i++)
        {
            (int x, int y, int z) = (i % 13, i / 13 % 11, i / 143);
            Assert.AreEqual((float)CaseFolder.Value(1, x, y, z), source.Pixels[2 * i]);
            Assert.AreEqual(2 * (float)CaseFolder.Value(1, x, y, z), source.Pixels[2 * i + 1]);
            Assert.AreEqual(CaseFolder.Label(x, y, z), source.Labels[i]);
        }
    }

    [TestMethod]
    public void TheDecathlonHasChannelsInOneFileAndLabelsByNumber()
    {
        using TemporaryFolder folder = new();
        File.WriteAllText(
            folder["dataset.json"],
            """{"modality": {"0": "T1", "1": "T2"}, "labels": {"0": "background", "4": "edema", "2": "core"}}""");
        CaseFolder.Write(
            folder["imagesTr/p1.nii"], [3, 4, 5, 2], VoxelType.Int16, CaseFolder.Unit,
            (x, y, z, c) => x + 10 * y + 100 * z + 1000 * c);
        CaseFolder.Write(
            folder["labelsTr/p1.nii"], [3, 4, 5, 1], VoxelType.Float64, CaseFolder.Unit, (x, _, _, _) => 2 * x);
        SegmentationFolder read = SegmentationFolder.Read(folder.Path);
        CollectionAssert.AreEqual(new[] { "background", "core", "edema" }, read.Labels.Names.ToArray());
        SourceCase source = SourceCase.Read(read.Cases.Single(), 2, read.Labels);
        Assert.AreEqual(1000f, source.Pixels[1]);
        Assert.AreEqual(12f, source.Pixels[2 * 5]); // x = 2, y = 1
        CollectionAssert.AreEqual(new ushort[] { 0, 1, 2 }, source.Labels![..3]);
    }

    [TestMethod]
    public void BothFilesAreBroughtToRas()
    {
        using TemporaryFolder folder = new();
        double[] left = [0, -2, 0, 9, -1, 0, 0, 8, 0, 0, 3, 7]; // x runs backwards, y to the left
        CaseFiles files = new("p", "train", [folder["i.nii"]], folder["l.nii"]);
        CaseFolder.Write(folder["i.nii"], [4, 3, 2, 1], VoxelType.Int16, left, (x, y, z, _) => x + 10 * y + 100 * z);
        CaseFolder.Write(folder["l.nii"], [4, 3, 2, 1], VoxelType.UInt8, left, (x, y, z, _) => (x + y + z) % 2);
        SourceCase source = SourceCase.Read(files, 1, Labels(0, 1));
        Assert.AreEqual(new VolumeExtents(2, 4, 3, 1), source.Grid.Extents);
        CollectionAssert.AreEqual(new double[] { 3, 1, 2 }, source.Grid.Spacing);
        CollectionAssert.AreEqual(new[] { 2.0, 0, 0, 5, 0, 1, 0, 5, 0, 0, 3, 7 }, source.Grid.Affine!);
        for (int i = 0; i < 24; i++)
        {
            (int w, int h, int d) = (i % 3, i / 3 % 4, i / 12);
            Assert.AreEqual(3 - h + 10 * (2 - w) + 100 * d, source.Pixels[i]);
            Assert.AreEqual((3 - h + 2 - w + d) % 2, source.Labels![i]);
        }
    }

    [TestMethod]
    [DataRow("shape", "the file has 10 × 11 × 12 × 1 voxels, and the image")]
    [DataRow("affine", "the affine puts the voxels elsewhere than the image")]
    [DataRow("value", "has the value 7, and the classes have 0, 1, 2; name the value under 'labels' in dataset.json")]
    [DataRow("fraction", "has the value 0.5, and the classes have 0, 1, 2")]
    [DataRow("channels", "the case 'b' has 2 channels, and the dataset has 1")]
    [DataRow("nan", "voxel 5 of the case 'b' is NaN")]
    public void WhatDoesNotFitIsNamed(string fault, string message)
    {
        using TemporaryFolder folder = new();
        CaseFolder.WriteNnUNet(folder.Path);
        double[] affine = [1.5, 0, 0, fault == "affine" ? -2 : -3, 0, 1, 0, 4, 0, 0, 2, 1];
        int[] extents = [fault == "shape" ? 12 : 13, 11, 10, 1];
        if (fault is "channels" or "nan")
        {
            CaseFolder.Write(
                folder["imagesTr/b_0000.nii.gz"], [13, 11, 10, fault == "channels" ? 2 : 1], VoxelType.Float32, affine,
                (x, y, z, _) => (x, y, z) == (5, 0, 0) && fault == "nan" ? double.NaN : 1);
        }
        else
        {
            CaseFolder.Write(
                folder["labelsTr/b.nii.gz"], extents, fault == "fraction" ? VoxelType.Float32 : VoxelType.Int64, affine,
                (x, _, _, _) => fault == "value" && x == 3 ? 7 : fault == "fraction" ? 0.5 : 0);
        }
        SegmentationFolder read = SegmentationFolder.Read(folder.Path);
        DataFileException refused = Assert.ThrowsExactly<DataFileException>(
            () => SourceCase.Read(read.Cases[1], 1, read.Labels));
        Assert.Contains(message, refused.Message);
        Assert.Contains("'b'", refused.Message);
        // The other cases are as they were, and an affine that differs by rounding passes.
        SourceCase.Read(read.Cases[0], 1, read.Labels);
    }

    [TestMethod]
    [DataRow("{\"labels\": {\"background\": 0, \"a\": 1}}", "names no channels")]
    [DataRow("{\"channel_names\": {\"0\": \"MRI\"}}", "names no classes")]
    [DataRow(
        "{\"channel_names\": {\"0\": \"M\"}, \"labels\": {\"a\": [1, \"x\"], \"b\": 0}}",
        "'a' is [1,\"x\"]; give each")]
    [DataRow(
        "{\"channel_names\": {\"0\": \"M\"}, \"labels\": {\"a\": [], \"b\": 0}}", "the label 'a' is []; give each")]
    [DataRow(
        "{\"channel_names\": {\"0\": \"M\"}, \"labels\": {\"a\": [0, 1], \"ignore\": [2, 3]}}", "give it one number")]
    [DataRow("{\"labels\": {\"a\": 0, \"a\": 1}}", "correct it to such as")]
    [DataRow("{\"channel_names\": {\"0\": \"MRI\"}, \"labels\": {\"a\": 1, \"b\": 1}}", "a number of its own")]
    [DataRow("{\"channel_names\": {\"1\": \"MRI\"}, \"labels\": {\"a\": 0, \"b\": 1}}", "number them from \"0\"")]
    [DataRow("{\"channel_names\": ", "is not JSON in line 1")]
    public void ADescriptionThatCannotBeUsedIsExplained(string json, string message)
    {
        using TemporaryFolder folder = new();
        CaseFolder.WriteNnUNet(folder.Path);
        File.WriteAllText(folder["dataset.json"], json);
        Assert.Contains(
            message, Assert.ThrowsExactly<DataFileException>(() => SegmentationFolder.Read(folder.Path)).Message);
    }

    [TestMethod]
    public void WithoutADescriptionTheFilesSayWhatTheyHold()
    {
        using TemporaryFolder folder = new();
        CaseFolder.WriteNnUNet(folder.Path, channels: 2);
        File.Delete(folder["dataset.json"]);
        SegmentationFolder read = SegmentationFolder.Read(folder.Path);
        CollectionAssert.AreEqual(new[] { "0", "1" }, read.Channels.ToArray());
        CollectionAssert.AreEqual(new[] { "background", "1", "2" }, read.Labels.Names.ToArray());
        CollectionAssert.AreEqual(new[] { 0, 1, 2 }, read.Labels.Values.ToArray());
        Assert.HasCount(4, read.Cases);
        Assert.IsFalse(read.Findings.Single().IsProblem);
        Assert.Contains("missing description", read.Findings.Single().What);
    }

    [TestMethod]
    [DataRow(0.5, "a label is 0.5; labels are whole numbers")]
    [DataRow(-1.0, "a label is -1; labels are whole numbers")]
    public void ALabelThatIsNoNumberOfAClassIsNamed(double number, string message)
    {
        using TemporaryFolder folder = new();
        CaseFolder.WriteNnUNet(folder.Path);
        File.Delete(folder["dataset.json"]);
        CaseFolder.Write(
            folder["labelsTr/c.nii.gz"], [14, 11, 10, 1], VoxelType.Float32, CaseFolder.Unit,
            (x, _, _, _) => number * x);
        DataFileException refused = Assert.ThrowsExactly<DataFileException>(
            () => SegmentationFolder.Read(folder.Path));
        Assert.Contains(message, refused.Message);
        Assert.Contains("labelsTr/c.nii.gz", refused.Message);
    }

    [TestMethod]
    [DataRow(2, true, 2, 3)]
    [DataRow(1, false, 1, 3)]
    public void ARecipeTakesChannelsAndClassesFromTheFolder(
        int channels, bool isDescribed, int expectedChannels, int expectedClasses)
    {
        using TemporaryFolder folder = new();
        CaseFolder.WriteNnUNet(folder.Path, channels: channels);
        if (!isDescribed)
        {
            File.Delete(folder["dataset.json"]);
        }
        Recipe recipe = RecipeCatalog.Load("segment-3d", [$"data.path={folder.Path}"]);
        Assert.AreEqual((expectedChannels, expectedClasses), (recipe.Data.Channels, recipe.Data.Classes));
        Recipe stated = RecipeCatalog.Load("segment-3d", [$"data.path={folder.Path}", "data.classes=7"]);
        Assert.AreEqual((expectedChannels, 7), (stated.Data.Channels, stated.Data.Classes), "the recipe's goes first");
    }

    [TestMethod]
    public void ListsDivideTheCasesAndWhatHasNoPartnerIsFound()
    {
        using TemporaryFolder folder = new();
        CaseFolder.WriteNnUNet(folder.Path);
        File.WriteAllText(folder["train.txt"], "a\nc\n");
        File.WriteAllText(folder["test.txt"], "b\ne\n");
        File.Copy(folder["imagesTr/a_0000.nii.gz"], folder["imagesTr/z_0000.nii.gz"]);
        SegmentationFolder read = SegmentationFolder.Read(folder.Path);
        Assert.AreEqual(
            "a train, b test, c train", string.Join(", ", read.Cases.Select(files => $"{files.Name} {files.Part}")));
        CollectionAssert.AreEquivalent(
            new[] { "image without a label map", "case of a list that imagesTr and labelsTr do not have" },
            read.Findings.Where(finding => finding.IsProblem).Select(finding => finding.What).ToArray());
    }

    [TestMethod]
    public void AnIgnoredLabelDoesNotCount()
    {
        using TemporaryFolder folder = new();
        CaseFolder.WriteNnUNet(folder.Path);
        File.WriteAllText(
            folder["dataset.json"],
            """{"channel_names": {"0": "MRI"}, "labels": {"background": 0, "box": 1, "ignore": 2}}""");
        SegmentationFolder read = SegmentationFolder.Read(folder.Path);
        SourceCase source = SourceCase.Read(read.Cases[0], 1, read.Labels);
        Assert.HasCount(2, read.Labels.Names);
        Assert.AreEqual(2, source.Labels!.Count(label => label == VoxelLabels.Ignored));
    }

    /// <summary>The numbers of overlapping regions are the classes, and masks have them.</summary>
    [TestMethod]
    public void RegionsAreSplitIntoTheirNumbers()
    {
        using TemporaryFolder folder = new();
        CaseFolder.WriteNnUNet(folder.Path);
        File.WriteAllText(
            folder["dataset.json"],
            """
            {"channel_names": {"0": "MRI"}, "regions_class_order": [1, 3, 2], "labels":
            {"background": 0, "whole": [1, 2, 3], "core": [2, 3], "rim": [3], "ignore": 9}}
            """);
        SegmentationFolder read = SegmentationFolder.Read(folder.Path);
        Assert.AreEqual("background; 1 (whole); 2 (whole, core); rim", string.Join("; ", read.Labels.Names));
        CollectionAssert.AreEqual(new[] { 0, 1, 2, 3 }, read.Labels.Values.ToArray());
        Assert.AreEqual(9, read.Labels.Ignored);
        Assert.AreEqual(
            "whole 1,2,3; core 2,3",
            string.Join("; ", read.Labels.Regions!.Select(each => $"{each.Name} {string.Join(',', each.Labels)}")));
        DataFinding found = read.Findings.Single();
        Assert.IsFalse(found.IsProblem);
        Assert.AreEqual("whole [1, 2, 3]; core [2, 3]", string.Join("; ", found.Examples));
        SourceCase source = SourceCase.Read(read.Cases[0], 1, read.Labels);
        Assert.AreEqual(2, source.Labels!.Count(label => label == 2));
    }

    /// <summary>
    /// SPM keeps labels as bytes times 1/255, which single precision rounds.
    /// </summary>
    [TestMethod]
    public void RoundingsOfAHeadersFactorAreNoOtherLabels()
    {
        CaseLabels labels = Labels(0, 1, 4);
        Assert.AreEqual((ushort)1, labels.Find(255 * 0.003921569f));
        Assert.AreEqual((ushort)2, labels.Find(3.9999));
        Assert.AreEqual((ushort)0, labels.Find(-1e-7));
        Assert.IsNull(labels.Find(0.99));
        Assert.IsNull(labels.Find(double.NaN));
    }

    [TestMethod]
    public void ASpacingThatCannotBeIsNamed()
    {
        using TemporaryFolder folder = new();
        CaseFiles files = new("p", "train", [folder["i.nii"]], null);
        double[] affine = [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 5000, 0];
        CaseFolder.Write(folder["i.nii"], [4, 3, 2, 1], VoxelType.Int16, affine, (x, _, _, _) => x);
        Assert.Contains(
            "spacing is [5000, 1, 1] mm",
            Assert.ThrowsExactly<DataFileException>(() => SourceCase.Read(files, 1, Labels(0, 1))).Message);
    }

    [TestMethod]
    public void AListOfLabelMapsIsNoListOfClasses()
    {
        using TemporaryFolder folder = new();
        File.WriteAllText(folder["train.csv"], "file,label\na.nii.gz,a_label.nii.gz\nb.nii.gz,b_label.nii.gz\n");
        DataFileException refused = Assert.ThrowsExactly<DataFileException>(
            () => VolumeDataset.Open(folder.Path, DatasetSplit.Train, new(1, 4, 4, 4, 1)));
        Assert.Contains("the label 'a_label.nii.gz' looks like a file", refused.Message);
        Assert.Contains("data.dataset=segmentationFolder", refused.Message);
    }

    private static CaseLabels Labels(params int[] values) =>
        new([.. values.Select(value => $"class {value}")], values, null);
}
