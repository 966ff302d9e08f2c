namespace RevUp.Tests.Data.Images;

[TestClass]
public sealed class ImageFolderTests : FolderTest
{
    private static readonly Shape Sample = new(1, 6, 6, 3);

    [TestMethod]
    public void FilesAreListedByNameAndClassesByTheirFolders()
    {
        ImageFiles.WriteFolder(Folder["train"], "cat/2.png", "cat/10.PNG", "ant/x.jpeg");
        ImageFiles.WriteFolder(Folder["val"], "cat/7.png");
        File.WriteAllText(Folder["train/cat/notes.txt"], "no image");
        DataSettings settings = new()
        {
            Dataset = DatasetKind.ImageFolder,
            Path = Folder.Path,
            Extents = [6, 6],
            Channels = 3,
            Classes = 2,
        };
        using ImageDataset train = Datasets.Open(settings, DatasetSplit.Train);
        using ImageDataset test = Datasets.Open(settings, DatasetSplit.Validation);
        CollectionAssert.AreEqual(new[] { "ant", "cat" }, train.Classes.ToArray());
        CollectionAssert.AreEqual(
            new[] { Folder["train/ant/x.jpeg"], Folder["train/cat/10.PNG"], Folder["train/cat/2.png"] },
            Enumerable.Range(0, train.Count).Select(train.Name).ToArray());
        Assert.AreEqual((0, 1, 1, 1), (train.Label(0), train.Label(1), train.Label(2), test.Label(0)));
        CollectionAssert.AreEqual(ImageFiles.Expected(2), ImageFiles.Read(train, 0), "a PNG that is called JPEG");
        CollectionAssert.AreEqual(ImageFiles.Expected(0), ImageFiles.Read(train, 2));
        Assert.Refuses<ConfigurationException>(
            () => Datasets.Open(settings with { Classes = 3 }, DatasetSplit.Train), "data.classes is 3, but the data");
    }

    [TestMethod]
    public void AnImageOfAnotherSizeIsFramedAndScaled()
    {
        Directory.CreateDirectory(Folder["a"]);
        File.WriteAllBytes(Folder["a/1.png"], ImageFiles.Png(0, 12, 10));
        using ImageFolder images = ImageFolder.Open(Folder.Path, new Shape(1, 4, 4, 3));
        // The shorter side to 10, so no scaling, and 4 × 4 from the centre.
        float[] centre = ImageFiles.Read(images, 0, new Augmentation { Resize = 10 });
        for (int i = 0; i < centre.Length; i++)
        {
            Assert.AreEqual((float)ImageFiles.Value(0, 4 + i / 3 % 4, 3 + i / 12, i % 3), centre[i]);
        }
        Augmentation quarter = new()
        {
            RandomResizedCrop =
                new() { MinimumScale = 4.0 / 30, MaximumScale = 4.0 / 30, MinimumRatio = 1, MaximumRatio = 1 },
        };
        CropRegion part = new Framing(quarter, new SampleKey(1, 0, 0), 4, 4).Choose(12, 10);
        Assert.AreEqual((4, 4), (part.Width, part.Height));
        float[] drawn = ImageFiles.Read(images, 0, quarter);
        Assert.AreEqual((float)ImageFiles.Value(0, part.Left, part.Top, 1), drawn[1]);
        Assert.AreEqual((float)ImageFiles.Value(0, part.Left + 3, part.Top + 3, 2), drawn[47]);
    }

    [TestMethod]
    public void FilesInMemoryAreReadAsAFoldersAre()
    {
        ImageFiles.WriteFolder(Folder.Path, "ant/1.png", "ant/2.png", "cat/1.png");
        using ImageFolder folder = ImageFolder.Open(Folder.Path, Sample);
        ReadOnlyMemory<byte>[] files = [.. Enumerable.Range(0, 3).Select(i => File.ReadAllBytes(folder.Name(i)))];
        int[] labels = [.. Enumerable.Range(0, 3).Select(folder.Label)];
        using ImageDataset images = MemoryDataset.OfFiles(files, labels, Sample, folder.Classes);
        Assert.IsTrue(images.HasOwnSizes);
        for (int i = 0; i < folder.Count; i++)
        {
            Assert.AreEqual(folder.Label(i), images.Label(i));
            CollectionAssert.AreEqual(ImageFiles.Read(folder, i), ImageFiles.Read(images, i));
        }
        Assert.Refuses<ArgumentException>(
            () => MemoryDataset.OfFiles(files, labels.AsMemory(1), Sample, folder.Classes), "3 files and 2 labels");
        Assert.Refuses<ArgumentException>(
            () => MemoryDataset.OfFiles(files, labels, Sample, ["ant"]),
            "Label 1 of sample 2 is none of the 1 classes");
    }

    [TestMethod]
    public void DamagedAndMissingImagesAreReplacedAndNamed()
    {
        ImageFiles.WriteFolder(Folder.Path, [.. Enumerable.Range(0, 20).Select(i => $"a/{i:D2}.png")]);
        File.WriteAllText(Folder["a/03.png"], "no image at all");
        byte[] cut = File.ReadAllBytes(Folder["a/05.png"]);
        File.WriteAllBytes(Folder["a/05.png"], cut[..(cut.Length / 2)]);
        File.WriteAllBytes(Folder["a/07.png"], []);
        using ImageFolder images = ImageFolder.Open(Folder.Path, Sample);
        File.Delete(Folder["a/09.png"]);
        BatchLoaderOptions options =
            new() { BatchSize = 20, Damaged = new DamagedSamples(images, 0.25), ReplaceDamaged = true };
        using BatchLoader loader = new(images, new([0, 0, 0], [1, 1, 1]), options);
        float[] pixels = [.. loader.Epoch(0).SelectMany(batch => batch.Pixels.Values(Sample))];
        foreach (int damaged in new[] { 3, 5, 7, 9 })
        {
            CollectionAssert.AreEqual(
                pixels[((damaged + 1) * 108)..((damaged + 2) * 108)], pixels[(damaged * 108)..((damaged + 1) * 108)]);
        }
        IReadOnlyList<DamagedSample> list = loader.Damaged.ToList();
        CollectionAssert.AreEqual(new[] { 3, 5, 7, 9 }, list.Select(sample => sample.Index).ToArray());
        Assert.IsTrue(
            list.All(sample => sample.Reason.StartsWith(images.Name(sample.Index), StringComparison.Ordinal)),
            list[0].Reason);
        Assert.IsNotNull(ChannelNormalization.Compute(images));
    }

    [TestMethod]
    public void AnImageCostsAHandleAndAPathAndNothingThatGrowsWithIt()
    {
        Directory.CreateDirectory(Folder["a"]);
        File.WriteAllBytes(Folder["a/1.png"], ImageFiles.Png(0, 300, 300));
        using ImageFolder images = ImageFolder.Open(Folder.Path, Sample);
        Assert.IsLessThan(2048, GarbagePerSample(images));
    }

    [TestMethod]
    public void WhatIsMissingIsExplained()
    {
        Assert.Contains(
            "there is no folder 'train' in it",
            Refused(() => ImageFolder.Open(Folder.Path, DatasetSplit.Train, Sample)));
        Directory.CreateDirectory(Folder["train/a"]);
        Assert.Contains(
            "there is no image (.jpg, .jpeg, .png)",
            Refused(() => ImageFolder.Open(Folder.Path, DatasetSplit.Train, Sample)));
        Assert.Contains(
            "there is no folder 'test' or 'testing' or 'val' or 'validation' or 'valid'",
            Refused(() => ImageFolder.Open(Folder.Path, DatasetSplit.Test, Sample)));
        ImageFiles.WriteFolder(Folder["test"], "b/1.png");
        Assert.Contains(
            "the class 'b' is not one of the 1 of the training set (a)",
            Refused(() => ImageFolder.Open(Folder.Path, DatasetSplit.Test, Sample)));
        Assert.Contains("the folder cannot be listed", Refused(() => ImageFolder.Open(Folder["absent"], Sample)));
        Assert.Refuses<ConfigurationException>(
            () => ImageFolder.Open(Folder["test"], new Shape(1, 6, 6, 2)), "use two extents and 1 or 3 channels");
    }

    internal static long GarbagePerSample(ImageDataset images)
    {
        const int Repetitions = 100;
        byte[] pixels = new byte[images.Sample.Count];
        using SampleReader reader = images.OpenReader();
        SampleTransform transform = new(
            new Augmentation { RandomResizedCrop = new(), Flip = true }, new([0, 0, 0], [1, 1, 1]));
        for (int i = 0; i < images.Count; i++)
        {
            // The buffer grows to the largest image.
            reader.Write(i, default, transform, new SampleRow(pixels, default));
        }
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < Repetitions; i++)
        {
            reader.Write(i % images.Count, new SampleKey(1, i, 0), transform, new SampleRow(pixels, default));
        }
        return (GC.GetAllocatedBytesForCurrentThread() - before) / Repetitions;
    }

    private static string Refused(Func<ImageDataset> open) => Assert.ThrowsExactly<DataFileException>(open).Message;
}
