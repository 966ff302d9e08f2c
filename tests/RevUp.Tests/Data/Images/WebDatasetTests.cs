namespace RevUp.Tests.Data.Images;

[TestClass]
public sealed class WebDatasetTests : FolderTest
{
    private static readonly Shape Sample = new(1, 6, 6, 3);

    [TestMethod]
    public void LabelsComeFromMembersWithTheSameKey()
    {
        ImageFiles.WriteShard(Folder["train/b.tar"], ("x/2.png", null), ("x/2.cls", "10\n"));
        ImageFiles.WriteShard(
            Folder["train/a.tar"],
            ("x/0.cls", "9"),
            ("x/0.png", null),
            ("x/0.json", "{}"),
            ("x/1.cls", "3"),
            ("x/1.PNG", null),
            ("readme", "text"));
        ImageFiles.WriteShard(Folder["test/a.tar"], ("0.png", null), ("0.cls", "9"));
        DataSettings settings =
            new() { Dataset = DatasetKind.WebDataset, Path = Folder.Path, Extents = [6, 6], Channels = 3, Classes = 3 };
        using ImageDataset train = Datasets.Open(settings, DatasetSplit.Train);
        using ImageDataset test = Datasets.Open(settings, DatasetSplit.Test);
        CollectionAssert.AreEqual(new[] { "3", "9", "10" }, train.Classes.ToArray());
        Assert.AreEqual((3, 1, 0, 2, 1), (train.Count, train.Label(0), train.Label(1), train.Label(2), test.Label(0)));
        Assert.AreEqual($"{Folder["train/a.tar"]}:x/1.PNG", train.Name(1));
        CollectionAssert.AreEqual(ImageFiles.Expected(0), ImageFiles.Read(train, 0));
        CollectionAssert.AreEqual(ImageFiles.Expected(1), ImageFiles.Read(train, 1));
        CollectionAssert.AreEqual(ImageFiles.Expected(0), ImageFiles.Read(train, 2));
    }

    [TestMethod]
    public void LabelsAreFoldersWhereThereIsNoMemberAndLongNamesAreRead()
    {
        string name = $"{new string('d', 120)}/cat/{new string('f', 120)}.png";
        ImageFiles.WriteShard(Folder["0.tar"], ("dog/", null), (name, null), ("dog/1.png", null), ("dog/2.png", null));
        using WebDataset images = WebDataset.Open(Folder.Path, Sample);
        CollectionAssert.AreEqual(new[] { "cat", "dog" }, images.Classes.ToArray());
        Assert.AreEqual((0, 1, 1), (images.Label(0), images.Label(1), images.Label(2)));
        CollectionAssert.AreEqual(ImageFiles.Expected(2), ImageFiles.Read(images, 2));
    }

    [TestMethod]
    public void AFileBesideTheShardsNamesTheClasses()
    {
        ImageFiles.WriteShard(Folder["0.tar"], ("0.png", null), ("0.cls", "1"));
        File.WriteAllText(Folder["classes.txt"], "zebra\nant\n");
        using WebDataset images = WebDataset.Open(Folder.Path, Sample);
        CollectionAssert.AreEqual(new[] { "zebra", "ant" }, images.Classes.ToArray());
        Assert.AreEqual(1, images.Label(0));
        File.WriteAllText(Folder["classes.txt"], "zebra\n");
        Assert.Contains(
            "the label 0.cls is '1', expected 0 to 0, a line of classes.txt",
            Refused(() => WebDataset.Open(Folder.Path, Sample)));
        File.WriteAllText(Folder["classes.txt"], "zebra\nzebra\n");
        Assert.Contains("it has 2 names, of which 1 differ", Refused(() => WebDataset.Open(Folder.Path, Sample)));
    }

    [TestMethod]
    public void WorkersReadTheSameAsOne()
    {
        for (int shard = 0; shard < 3; shard++)
        {
            ImageFiles.WriteShard(
                Folder[$"{shard}.tar"],
                [.. Enumerable.Range(0, 9).Select(i => ($"{i % 2}/{shard}{i}.png", (string?)null))]);
        }
        using WebDataset images = WebDataset.Open(Folder.Path, Sample);
        CollectionAssert.AreEqual(Epoch(images, 1), Epoch(images, 4));
    }

    [TestMethod]
    public void NothingIsAllocatedPerSample()
    {
        ImageFiles.WriteShard(Folder["0.tar"], ("a/0.png", null), ("a/1.png", null));
        using WebDataset images = WebDataset.Open(Folder.Path, Sample);
        Assert.AreEqual(0, ImageFolderTests.GarbagePerSample(images));
    }

    [TestMethod]
    public void WhatCannotBeUsedIsExplained()
    {
        Assert.Contains("there is no shard (*.tar)", Refused(() => WebDataset.Open(Folder.Path, Sample)));
        ImageFiles.WriteShard(Folder["0.tar"], ("0.txt", "text"));
        Assert.Contains("its shards have no image", Refused(() => WebDataset.Open(Folder.Path, Sample)));
        ImageFiles.WriteShard(Folder["0.tar"], ("0.png", null));
        Assert.Contains(
            "the image 0.png has no class: neither 0.cls nor a folder",
            Refused(() => WebDataset.Open(Folder.Path, Sample)));
        ImageFiles.WriteShard(Folder["0.tar"], ("0.png", null), ("0.cls", "many"));
        Assert.Contains(
            "the label 0.cls is 'many', expected a whole number", Refused(() => WebDataset.Open(Folder.Path, Sample)));
        ImageFiles.WriteShard(Folder["0.tar"], ("a/0.png", null));
        byte[] shard = File.ReadAllBytes(Folder["0.tar"]);
        File.WriteAllBytes(Folder["0.tar"], shard[..^1200]);
        Assert.Contains("cut", Refused(() => WebDataset.Open(Folder.Path, Sample)));
        File.WriteAllBytes(Folder["0.tar"], shard[..^1024]);
        Assert.Contains(
            "the shard ends without the empty blocks of its end", Refused(() => WebDataset.Open(Folder.Path, Sample)));
        File.WriteAllBytes(Folder["0.tar"], []);
        Assert.Contains("0.tar, byte 0: the shard ends without", Refused(() => WebDataset.Open(Folder.Path, Sample)));
        shard[3] ^= 1;
        File.WriteAllBytes(Folder["0.tar"], shard);
        Assert.Contains(
            "0.tar, byte 0: the header here does not have the checksum",
            Refused(() => WebDataset.Open(Folder.Path, Sample)));
    }

    private static float[] Epoch(ImageDataset images, int workers)
    {
        Augmentation augmentation = new() { RandomResizedCrop = new(), Flip = true };
        BatchLoaderOptions options =
            new() { BatchSize = 4, Workers = workers, Shuffle = true, Augmentation = augmentation };
        using BatchLoader loader = new(images, new([0, 0, 0], [1, 1, 1]), options);
        return [.. loader.Epoch(1).SelectMany(batch => (float[])[.. batch.Pixels.Values(Sample), .. batch.Targets])];
    }

    private static string Refused(Func<ImageDataset> open) => Assert.ThrowsExactly<DataFileException>(open).Message;
}
