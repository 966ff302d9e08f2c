namespace RevUp.Tests.Cli;

[TestClass]
public sealed class DataCommandTests : FolderTest
{
    private static readonly string[] Names =
        [.. Enumerable.Range(0, 30).Select(i => $"{(i % 3 == 0 ? "ant" : "bee")}/{i:D2}.png")];

    [TestMethod]
    public void InfoCountsImagesClassesAndSizes()
    {
        using TemporaryFolder folder = Images();
        File.WriteAllBytes(folder["set/ant/large.png"], ImageFiles.Png(0, 70, 64));
        File.WriteAllText(folder["set/bee/text.jpg"], "text");
        ToolResult result = Tool.Succeed("data", "info", folder["set"]);
        Assert.Contains("imageFolder: 32 samples in 2 classes of 11 to 21", result.Output);
        Assert.Contains("| shorter side below 32 ", result.Output);
        Assert.Contains("| no readable header     | 1 ", result.Output);
        JsonElement document = Tool.Run("data", "info", folder["set"], "--json").Json;
        Assert.AreEqual("imageFolder", document.GetProperty("kind").GetString());
        JsonElement part = document.GetProperty("parts").EnumerateArray().Single();
        CollectionAssert.AreEqual(new[] { ("ant", 11), ("bee", 21) }, Counts(part, "classes"));
        CollectionAssert.AreEqual(
            new[] { ("no readable header", 1), ("shorter side below 32", 30), ("shorter side below 128", 1) },
            Counts(part, "sizes"));
    }

    [TestMethod]
    public void InfoTellsTheKindByTheFilesAndCountsBothParts()
    {
        ImageFiles.WriteFolder(Folder["images"], "train/a/0.png", "train/b/1.png", "test/b/2.png");
        ImageFiles.WriteShard(Folder["shards/train/0.tar"], ("a/0.png", null), ("b/1.png", null));
        ImageFiles.WriteShard(Folder["shards/test/0.tar"], ("b/0.png", null));
        Directory.CreateDirectory(Folder["volumes"]);
        File.WriteAllBytes(Folder["volumes/0.nii"], NiftiFiles.Create(VoxelType.UInt8, bigEndian: false, channels: 2));
        File.WriteAllText(Folder["volumes/train.csv"], "file,label\n0.nii,a\n1.raw,b\n");
        File.WriteAllText(Folder["volumes/test.csv"], "file,label\nabsent.nii.gz,b\n");
        foreach ((string kind, string size, string testSize) in new[]
        {
            ("imageFolder", "shorter side below 32", "shorter side below 32"),
            ("webDataset", "shorter side below 32", "shorter side below 32"),
            ("volumes", "2 × 3 × 4 × 2", "no readable header"),
        })
        {
            string place = Folder[kind == "imageFolder" ? "images" : kind == "webDataset" ? "shards" : kind];
            JsonElement document = Tool.Run("data", "info", place, "--json").Json;
            Assert.AreEqual(kind, document.GetProperty("kind").GetString());
            JsonElement[] parts = [.. document.GetProperty("parts").EnumerateArray()];
            CollectionAssert.AreEqual(
                new[] { "train", "test" }, parts.Select(part => part.GetProperty("name").GetString()).ToArray());
            CollectionAssert.AreEqual(new[] { ("a", 1), ("b", 1) }, Counts(parts[0], "classes"));
            CollectionAssert.AreEqual(new[] { ("a", 0), ("b", 1) }, Counts(parts[1], "classes"));
            Assert.Contains(size, Counts(parts[0], "sizes").Select(count => count.Name));
            CollectionAssert.AreEqual(new[] { (testSize, 1) }, Counts(parts[1], "sizes"));
            Assert.AreEqual(0, Tool.Run("data", "info", place, "--kind", kind).ExitCode);
        }
    }

    [TestMethod]
    public void InfoReadsIdxAndCifarFiles()
    {
        Directory.CreateDirectory(Folder["idx"]);
        Directory.CreateDirectory(Folder["cifar"]);
        foreach ((string prefix, byte count) in new[] { ("train", (byte)3), ("t10k", (byte)1) })
        {
            File.WriteAllBytes(
                Folder[$"idx/{prefix}-images-idx3-ubyte"],
                [0, 0, 8, 3, 0, 0, 0, count, 0, 0, 0, 2, 0, 0, 0, 5, .. new byte[10 * count]]);
            File.WriteAllBytes(
                Folder[$"idx/{prefix}-labels-idx1-ubyte"], [0, 0, 8, 1, 0, 0, 0, count, .. new byte[count]]);
        }
        File.WriteAllLines(Folder["cifar/batches.meta.txt"], Enumerable.Range(0, 10).Select(i => $"class {i}"));
        foreach (string file in
            new[] { "data_batch_1", "data_batch_2", "data_batch_3", "data_batch_4", "data_batch_5", "test_batch" })
        {
            File.WriteAllBytes(Folder[$"cifar/{file}.bin"], new byte[3073]);
        }
        ToolResult idx = Tool.Run("data", "info", Folder["idx"]), cifar = Tool.Run("data", "info", Folder["cifar"]);
        Assert.Contains("mnist, train: 3 samples in 10 classes of 0 to 3", idx.Output, idx.Error);
        Assert.Contains("| 2 × 5 × 1 | 3 ", idx.Output);
        Assert.Contains(
            "Ankle boot", Tool.Run("data", "info", Folder["idx"], "--kind", "fashionMnist", "--json").Output);
        Assert.Contains("cifar10, test: 1 samples in 10 classes of 0 to 1", cifar.Output, cifar.Error);
        Assert.Contains("| 32 × 32 × 3 | 5 ", cifar.Output);
        Assert.Contains(
            "--kind is 'idx'; use fashionMnist, mnist, cifar10, cifar100,",
            Tool.Run("data", "info", Folder["idx"], "--kind", "idx").Error);
        Assert.Contains("0 of 6 images are damaged.", Tool.Run("data", "verify", Folder["cifar"]).Output);
        Assert.Contains(
            "files of the kind cifar10", Tool.Run("data", "pack", Folder["cifar"], Folder["out"]).LastError);
    }

    [TestMethod]
    public void PackedImagesKeepTheirNamesWhereTheseAreKeys()
    {
        ImageFiles.WriteFolder(
            Folder["set"], "ant/tench (1).png", "bee/00000003.png", "bee/two.dots.png", "bee/ü.png", "bee/same.png",
            "cat/same.png");
        File.Copy(Folder["set/bee/same.png"], Folder["set/bee/same.jpg"]); // a PNG, whatever its name
        Assert.AreEqual(0, Tool.Run("data", "pack", Folder["set"], Folder["shards"]).ExitCode);
        Shape sample = new(1, 6, 6, 3);
        using ImageFolder before = ImageFolder.Open(Folder["set"], sample);
        using WebDataset after = WebDataset.Open(Folder["shards"], sample);
        // Number 3 belongs to an image without a name; the image that is named 3 gets another
        // number.
        string[] names = [.. Enumerable.Range(0, after.Count).Select(after.Name).Select(
            name => name[(name.IndexOf(':') + 1)..]).Order(StringComparer.Ordinal)];
        CollectionAssert.AreEqual(
            new[]
            {
                "ant/tench (1).png", "bee/00000001.png", "bee/00000002.jpg", "bee/00000003.png", "bee/00000004.png",
                "bee/00000005.png", "cat/same.png",
            },
            names);
        CollectionAssert.AreEquivalent(Contents(before), Contents(after));
        // What has been packed keeps all its names.
        Assert.AreEqual(0, Tool.Run("data", "pack", Folder["shards"], Folder["again"]).ExitCode);
        using WebDataset again = WebDataset.Open(Folder["again"], sample);
        CollectionAssert.AreEquivalent(
            names,
            Enumerable.Range(0, again.Count).Select(again.Name).Select(name => name[(name.IndexOf(':') + 1)..])
                .ToArray());
    }

    [TestMethod]
    public void VerifyNamesEveryDamagedImageAndFails()
    {
        using TemporaryFolder folder = Images();
        Assert.AreEqual(0, Tool.Run("data", "verify", folder["set"]).ExitCode);
        File.WriteAllText(folder["set/bee/07.png"], "text");
        byte[] cut = File.ReadAllBytes(folder["set/bee/10.png"]);
        File.WriteAllBytes(folder["set/bee/10.png"], cut[..^20]);
        ToolResult result = Tool.Run("data", "verify", folder["set"], "--threads", "2");
        Assert.AreEqual(1, result.ExitCode);
        string[] lines = result.Output.TrimEnd().Split('\n');
        Assert.HasCount(3, lines);
        Assert.StartsWith(folder["set/bee/07.png"], lines[0]);
        Assert.StartsWith(folder["set/bee/10.png"], lines[1]);
        Assert.AreEqual("2 of 30 images are damaged.", lines[2]);
        Assert.Contains("verified 30/30", result.Error);
        ToolResult document = Tool.Run("data", "verify", folder["set"], "--json");
        Assert.AreEqual((1, 2), (document.ExitCode, document.Json.GetProperty("damaged").GetArrayLength()));
    }

    [TestMethod]
    public void PackedShardsHoldTheSameImagesAndTheSameBytesEveryTime()
    {
        using TemporaryFolder folder = Images();
        ToolResult result = Tool.Succeed("data", "pack", folder["set"], folder["shards"]);
        Assert.Contains("30 images in 1 shards", result.Output);
        Assert.Contains("packed 30/30", result.Error);
        Shape sample = new(1, 6, 6, 3);
        using ImageFolder before = ImageFolder.Open(folder["set"], sample);
        using WebDataset after = WebDataset.Open(folder["shards"], sample);
        CollectionAssert.AreEqual(before.Classes.ToArray(), after.Classes.ToArray());
        CollectionAssert.AreEquivalent(Contents(before), Contents(after));
        CollectionAssert.AreNotEqual(Contents(before), Contents(after), "the order is shuffled");
        Assert.AreEqual(0, Tool.Run("data", "pack", folder["set"], folder["again"]).ExitCode);
        CollectionAssert.AreEqual(
            File.ReadAllBytes(folder["shards/shard-000000.tar"]), File.ReadAllBytes(folder["again/shard-000000.tar"]));
        Assert.AreEqual(0, Tool.Run("data", "verify", folder["shards"]).ExitCode);
    }

    /// <summary>
    /// With a separator at the end, shards.incomplete would lie inside the folder that it is to
    /// become.
    /// </summary>
    [TestMethod]
    public void AFolderMayBeNamedWithASeparatorAtItsEnd()
    {
        using TemporaryFolder folder = Images();
        ToolResult result = Tool.Succeed("data", "pack", folder["set"] + "/", folder["shards"] + "/");
        CollectionAssert.AreEquivalent(
            new[] { folder["set"], folder["shards"] }, Directory.GetFileSystemEntries(folder.Path));
        Assert.AreEqual(0, Tool.Run("data", "verify", folder["shards"]).ExitCode);
    }

    [TestMethod]
    public void AShardEndsBeforeItGrowsTooLargeAndAnEmptyClassKeepsItsLabel()
    {
        using TemporaryFolder folder = Images();
        Directory.CreateDirectory(folder["set/ape"]);
        using ImageFolder images = ImageFolder.Open(folder["set"], new Shape(1, 6, 6, 3));
        int shards = ShardWriter.Write(images, folder["shards"], shardBytes: 20_000);
        FileInfo[] files = new DirectoryInfo(folder["shards"]).GetFiles("*.tar");
        Assert.HasCount(shards, files);
        Assert.IsGreaterThan(2, shards);
        Assert.IsTrue(files.All(file => file.Length <= 20_000));
        using WebDataset packed = WebDataset.Open(folder["shards"], new Shape(1, 6, 6, 3));
        CollectionAssert.AreEquivalent(Contents(images), Contents(packed));
        CollectionAssert.AreEqual(new[] { "ant", "ape", "bee" }, packed.Classes.ToArray());
    }

    [TestMethod]
    public void WhatIsStoppedOrFailsLeavesNothingBehind()
    {
        using TemporaryFolder folder = Images();
        ToolResult stopped = Tool.Run(
            new StringWriter(), false, new CancellationToken(canceled: true), "data", "pack", folder["set"],
            folder["shards"]);
        Assert.AreEqual(130, stopped.ExitCode);
        using ImageFolder images = ImageFolder.Open(folder["set"], new Shape(1, 6, 6, 3));
        File.Delete(folder["set/bee/29.png"]);
        Assert.ThrowsExactly<DataFileException>(() => ShardWriter.Write(images, folder["shards"], 1 << 20));
        CollectionAssert.AreEqual(new[] { folder["set"] }, Directory.GetFileSystemEntries(folder.Path));
        // What a process that was killed left behind is no obstacle.
        Directory.CreateDirectory(folder["shards.incomplete"]);
        File.WriteAllText(folder["shards.incomplete/shard-000007.tar"], "");
        Assert.AreEqual(0, Tool.Run("data", "pack", folder["set"], folder["shards"]).ExitCode);
        Assert.HasCount(2, Directory.GetFiles(folder["shards"]));
    }

    [TestMethod]
    public void WhatCannotBeDoneIsOneParagraph()
    {
        using TemporaryFolder folder = Images();
        Assert.Contains("there is no such folder", Tool.Run("data", "info", folder["absent"]).LastError);
        Assert.Contains(
            "exists already; name a folder that does not",
            Tool.Run("data", "pack", folder["set"], folder.Path).LastError);
        Assert.AreEqual(2, Tool.Run("data", "pack", folder["set"], folder["shards"], "--shard-size", "0").ExitCode);
    }

    private static (string Name, int Samples)[] Counts(JsonElement part, string of) =>
        [.. part.GetProperty(of).EnumerateArray().Select(
            entry => (entry.GetProperty("name").GetString()!, entry.GetProperty("samples").GetInt32()))];

    private static TemporaryFolder Images()
    {
        TemporaryFolder folder = new();
        ImageFiles.WriteFolder(folder["set"], Names);
        return folder;
    }

    private static string[] Contents(ImageDataset images) => [.. Enumerable.Range(0, images.Count)
        .Select(index => $"{images.Classes[images.Label(index)]} {string.Join(' ', ImageFiles.Read(images, index))}")];
}
