using RevUp.Data;
using RevUp.Data.Images;
using RevUp.Tensors;
using RevUp.Tests.Support;
using RevUp.Tests.Training.Files;

namespace RevUp.Tests.Cli;

[TestClass]
public sealed class DataCommandTests
{
    private static readonly string[] Names = [.. Enumerable.Range(0, 30).Select(i => $"{(i % 3 == 0 ? "ant" : "bee")}/{i:D2}.png")];

    [TestMethod]
    public void InfoCountsImagesClassesAndSizes()
    {
        using TemporaryFolder folder = Folder();
        File.WriteAllBytes(folder["set/ant/large.png"], ImageFiles.Png(0, 70, 64));
        File.WriteAllText(folder["set/bee/text.jpg"], "text");
        ToolResult result = Tool.Run("data", "info", folder["set"]);
        Assert.AreEqual(0, result.ExitCode, result.Error);
        Assert.Contains("32 images in 2 classes of 11 to 21", result.Output);
        Assert.Contains("| below 32 ", result.Output);
        Assert.Contains("| no readable header   | 1 ", result.Output);
        System.Text.Json.JsonElement document = Tool.Run("data", "info", folder["set"], "--json").Json;
        Assert.AreEqual(21, document.GetProperty("classes")[1].GetProperty("images").GetInt32());
        CollectionAssert.AreEqual(
            new[] { (0, 1), (32, 30), (128, 1) },
            document.GetProperty("sizes").EnumerateArray()
                .Select(size => (size.GetProperty("below").GetInt32(), size.GetProperty("images").GetInt32())).ToArray());
    }

    [TestMethod]
    public void VerifyNamesEveryDamagedImageAndFails()
    {
        using TemporaryFolder folder = Folder();
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
        using TemporaryFolder folder = Folder();
        ToolResult result = Tool.Run("data", "pack", folder["set"], folder["shards"]);
        Assert.AreEqual(0, result.ExitCode, result.Error);
        Assert.Contains("30 images in 1 shards", result.Output);
        Assert.Contains("packed 30/30", result.Error);
        Shape sample = new(1, 6, 6, 3);
        using ImageFolder before = ImageFolder.Open(folder["set"], sample);
        using WebDataset after = WebDataset.Open(folder["shards"], sample);
        CollectionAssert.AreEqual(before.Classes.ToArray(), after.Classes.ToArray());
        CollectionAssert.AreEquivalent(Contents(before), Contents(after));
        CollectionAssert.AreNotEqual(Contents(before), Contents(after), "the order is shuffled");
        Assert.AreEqual(0, Tool.Run("data", "pack", folder["set"], folder["again"]).ExitCode);
        CollectionAssert.AreEqual(File.ReadAllBytes(folder["shards/shard-000000.tar"]), File.ReadAllBytes(folder["again/shard-000000.tar"]));
        Assert.AreEqual(0, Tool.Run("data", "verify", folder["shards"]).ExitCode);
    }

    [TestMethod]
    public void AShardEndsBeforeItGrowsTooLargeAndAnEmptyClassKeepsItsLabel()
    {
        using TemporaryFolder folder = Folder();
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
        using TemporaryFolder folder = Folder();
        ToolResult stopped = Tool.Run(new StringWriter(), false, new CancellationToken(canceled: true), "data", "pack", folder["set"], folder["shards"]);
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
        using TemporaryFolder folder = Folder();
        Assert.Contains("there is no such folder", Tool.Run("data", "info", folder["absent"]).LastError);
        Assert.Contains("exists already; name a folder that does not", Tool.Run("data", "pack", folder["set"], folder.Path).LastError);
        Assert.AreEqual(2, Tool.Run("data", "pack", folder["set"], folder["shards"], "--shard-size", "0").ExitCode);
    }

    private static TemporaryFolder Folder()
    {
        TemporaryFolder folder = new();
        ImageFiles.WriteFolder(folder["set"], Names);
        return folder;
    }

    private static string[] Contents(ImageDataset images) => [.. Enumerable.Range(0, images.Count)
        .Select(index => $"{images.Classes[images.Label(index)]} {string.Join(' ', ImageFiles.Read(images, index))}")];
}
