namespace RevUp.Tests.Data.Images;

/// <summary>Which files of a folder are samples, and what is said of the others.</summary>
[TestClass]
public sealed class FolderRuleTests : FolderTest
{
    private static readonly Shape s_sample = new(1, 6, 6, 3);

    [TestMethod]
    public void HiddenFoldersAndSideFilesAreSkippedAndCounted()
    {
        ImageFiles.WriteFolder(
            Folder.Path,
            "cat/0.png",
            "dog/1.png",
            ".ipynb_checkpoints/2.png",
            "__MACOSX/3.png",
            "cat/._0.png",
            "dog/.hidden.jpg",
            "dog/.git/x.png",
            "@eaDir/4.png",
            "dog/@eaDir/5.png");
        File.WriteAllText(Folder["cat/Thumbs.db"], "x");
        File.WriteAllText(Folder["notes.txt"], "x");
        using ImageFolder images = ImageFolder.Open(Folder.Path, s_sample);
        CollectionAssert.AreEqual(new[] { "cat", "dog" }, images.Classes.ToArray());
        Assert.AreEqual(2, images.Count);
        Assert.IsFalse(images.Findings.Any(finding => finding.IsProblem));
        Assert.AreEqual(8, Only(images, "hidden or side file").Count);
        Assert.AreEqual(Folder["notes.txt"], Only(images, "other file").Examples.Single());
    }

    [TestMethod]
    [DataRow("ape/readme.md", "class without an image", "ape")]
    [DataRow("cat/9.webp", "image that is neither JPEG nor PNG", "cat/9.webp")]
    [DataRow("cat/9.BMP", "image that is neither JPEG nor PNG", "cat/9.BMP")]
    [DataRow("cat/more/9.png", "image in a folder inside a class's folder", "cat/more/9.png")]
    [DataRow("cat/more/still/9.jpeg", "image in a folder inside a class's folder", "cat/more/still/9.jpeg")]
    [DataRow("9.png", "image outside the folders of classes", "9.png")]
    public void WhatMightHaveBeenASampleIsNamedAndStopsTraining(string file, string what, string name)
    {
        ImageFiles.WriteFolder(Folder["train"], "cat/0.png", "dog/1.png", file);
        ImageFiles.WriteFolder(Folder["test"], "cat/0.png");
        using ImageFolder images = ImageFolder.Open(Folder["train"], s_sample);
        Assert.AreEqual(2, images.Count);
        DataFinding finding = Only(images, what);
        Assert.IsTrue(finding.IsProblem);
        Assert.AreEqual(Folder["train/" + name], finding.Examples.Single());
        DataSettings settings = new()
        {
            Dataset = DatasetKind.ImageFolder,
            Path = Folder.Path,
            Extents = [6, 6],
            Classes = images.Classes.Count,
        };
        Assert.Refuses<DataFileException>(() => Datasets.Open(settings, DatasetSplit.Train), what);
        using ImageDataset allowed = Datasets.Open(settings with { AllowSkipped = true }, DatasetSplit.Train);
        Assert.AreEqual(2, allowed.Count);
    }

    [TestMethod]
    public void LinksThatLeadInACircleAreNotFollowed()
    {
        ImageFiles.WriteFolder(Folder.Path, "cat/0.png", "dog/1.png");
        Directory.CreateSymbolicLink(Folder["cat/all"], Folder.Path);
        Directory.CreateSymbolicLink(Folder["dog/all"], Folder.Path);
        using ImageFolder images = ImageFolder.Open(Folder.Path, s_sample);
        Assert.AreEqual(2, images.Count);
        Assert.AreEqual(2, Only(images, "folder inside a class's folder").Count);
    }

    [TestMethod]
    [DataRow("valid")]
    [DataRow("Test")]
    [DataRow("validation")]
    public void PartsHaveTheNamesThatPeopleGiveThem(string name)
    {
        ImageFiles.WriteFolder(Folder["Train"], "cat/0.png", "dog/1.png");
        ImageFiles.WriteFolder(Folder[name], "dog/0.png");
        DatasetSplit split = name.StartsWith("val", StringComparison.OrdinalIgnoreCase)
            ? DatasetSplit.Validation
            : DatasetSplit.Test;
        using ImageFolder test = ImageFolder.Open(Folder.Path, split, s_sample), part = ImageFolder.Open(
            Folder[name], s_sample);
        Assert.AreEqual((1, 1), (test.Count, test.Label(0)));
        Assert.AreEqual(1, part.Label(0), "a part is numbered as the training set is");
    }

    [TestMethod]
    public void TinyImageNetIsReadAsItUnpacks()
    {
        ImageFiles.WriteFolder(
            Folder["train"], "n02/images/n02_0.JPEG", "n01/images/n01_0.JPEG", "n01/images/n01_1.JPEG");
        File.WriteAllText(Folder["train/n01/n01_boxes.txt"], "x");
        ImageFiles.WriteFolder(Folder["val"], "images/val_0.JPEG", "images/val_1.JPEG");
        File.WriteAllText(
            Folder["val/val_annotations.txt"], "val_1.JPEG\tn01\t0\t0\t9\t9\nval_0.JPEG\tn02\t0\t0\t9\t9\n");
        ImageFiles.WriteFolder(Folder["test"], "images/test_0.JPEG");
        using ImageFolder train = ImageFolder.Open(Folder.Path, DatasetSplit.Train, s_sample);
        using ImageFolder test = ImageFolder.Open(Folder.Path, DatasetSplit.Validation, s_sample);
        CollectionAssert.AreEqual(new[] { "n01", "n02" }, train.Classes.ToArray());
        Assert.AreEqual((3, 0, 0, 1), (train.Count, train.Label(0), train.Label(1), train.Label(2)));
        Assert.AreEqual((2, 1, 0), (test.Count, test.Label(0), test.Label(1)));
        CollectionAssert.AreEqual(ImageFiles.Expected(1), ImageFiles.Read(test, 1));
        Assert.IsFalse(train.Findings.Any(finding => finding.IsProblem));
    }

    /// <summary>The framework cannot name such files; a shell makes them.</summary>
    [TestMethod]
    public void NamesThatAreNotUtf8AreRead()
    {
        ImageFiles.WriteFolder(Folder.Path, "cat/0.png", "tmp/1.png", "tmp/2.png");
        Shell($"cd '{Folder.Path}' && mv tmp $(printf 't\\352te') && mv cat/0.png \"cat/$(printf 'caf\\351').png\"");
        using ImageFolder images = ImageFolder.Open(Folder.Path, s_sample);
        images.CacheBytes = 0; // one is damaged later
        CollectionAssert.AreEqual(new[] { "cat", @"t\xEAte" }, images.Classes.ToArray());
        Assert.AreEqual((3, 0, 1), (images.Count, images.Label(0), images.Label(1)));
        for (int i = 0; i < 3; i++)
        {
            CollectionAssert.AreEqual(ImageFiles.Expected(i), ImageFiles.Read(images, i));
        }
        Shell($"cd '{Folder.Path}' && : > \"cat/$(printf 'caf\\351').png\"");
        Assert.Refuses<DataFileException>(() => ImageFiles.Read(images, 0), @"caf\xE9.png");
        Shell($"rm -r '{Folder.Path}'/*"); // neither can the framework remove them
    }

    [TestMethod]
    public void ClassesOfOneValueAreInOneOrder()
    {
        CollectionAssert.AreEqual(new[] { "01", "1", "2" }, ClassNames.Sort(["2", "1", "01"]));
        CollectionAssert.AreEqual(new[] { "01", "1", "2" }, ClassNames.Sort(["01", "2", "1"]));
    }

    [TestMethod]
    public void NamesThatLookAlikeAreExplained()
    {
        ImageFiles.WriteFolder(Folder["train"], "caf\u00E9/0.png", "tea/1.png");
        ImageFiles.WriteFolder(Folder["test"], "cafe\u0301/0.png");
        Assert.Refuses<DataFileException>(
            () => ImageFolder.Open(Folder.Path, DatasetSplit.Test, s_sample), "differ in their Unicode form");
    }

    [TestMethod]
    public void TextIsPrintable()
    {
        Assert.AreEqual("plain é 🐱", PrintableText.Of("plain é 🐱"));
        Assert.AreEqual(
            @"a\x0Ab\x1B[2J\x7F\u202Ec\xE9\u2028", PrintableText.Of("a\nb\u001B[2J\u007F\u202Ec\uDCE9\u2028"));
    }

    [TestMethod]
    public void ASideOverTheLimitIsNamed()
    {
        ImageFiles.WriteFolder(Folder.Path, "a/0.png");
        byte[] png = File.ReadAllBytes(Folder["a/0.png"]);
        (png[17], png[18], png[19]) = (1, 0, 0); // 65,536 columns
        File.WriteAllBytes(Folder["a/0.png"], png);
        using ImageFolder images = ImageFolder.Open(Folder.Path, s_sample);
        string message = Assert.ThrowsExactly<DataFileException>(() => ImageFiles.Read(images, 0)).Message;
        Assert.Contains("the image has 65536 × 6 pixels, over 65500 a side", message);
    }

    private static void Shell(string command)
    {
        using Process process = Process.Start(new ProcessStartInfo("sh", ["-c", command]))!;
        process.WaitForExit();
        Assert.AreEqual(0, process.ExitCode);
    }

    private static DataFinding Only(ImageFolder images, string what) =>
        images.Findings.First(finding => finding.What.StartsWith(what, StringComparison.Ordinal));
}
