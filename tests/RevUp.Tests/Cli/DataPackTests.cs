namespace RevUp.Tests.Cli;

/// <summary>Packing whole datasets, and verifying every kind.</summary>
[TestClass]
public sealed class DataPackTests
{
    private static readonly Shape s_sample = new(1, 6, 6, 3);

    [TestMethod]
    public void EveryPartHasTheNumbersOfTheTrainingSet()
    {
        using TemporaryFolder folder = new();
        ImageFiles.WriteFolder(folder["set/train"], "cat/0.png", "dog/1.png", "zebra/2.png");
        ImageFiles.WriteFolder(folder["set/val"], "dog/0.png", "zebra/1.png");
        ToolResult result = Tool.Succeed("data", "pack", folder["set"], folder["out"], "--allow-skipped");
        Assert.Contains("5 images in 2 shards", result.Output);
        CollectionAssert.AreEquivalent(
            new[] { folder["out/train"], folder["out/val"] }, Directory.GetDirectories(folder["out"]));
        using WebDataset val = WebDataset.Open(folder["out/val"], s_sample);
        CollectionAssert.AreEqual(new[] { "cat", "dog", "zebra" }, val.Classes.ToArray());
        CollectionAssert.AreEquivalent(new[] { 1, 2 }, Enumerable.Range(0, val.Count).Select(val.Label).ToArray());

        // A part by itself is numbered as the whole is.
        Assert.AreEqual(0, Tool.Run("data", "pack", folder["set/val"], folder["alone"], "--allow-skipped").ExitCode);
        Assert.AreEqual("cat\ndog\nzebra\n", File.ReadAllText(folder["alone/classes.txt"]));
        using WebDataset alone = WebDataset.Open(folder["alone"], s_sample);
        CollectionAssert.AreEquivalent(new[] { 1, 2 }, Enumerable.Range(0, alone.Count).Select(alone.Label).ToArray());
    }

    [TestMethod]
    [DataRow("a\nb", "has a control character")]
    [DataRow("tab\there", "has a control character")]
    public void ANameThatShardsCannotCarryIsRefused(string name, string problem)
    {
        using TemporaryFolder folder = new();
        ImageFiles.WriteFolder(folder["set"], $"{name}/0.png", "c/1.png");
        ToolResult result = Tool.Run("data", "pack", folder["set"], folder["out"]);
        Assert.AreEqual(1, result.ExitCode);
        Assert.Contains(problem, result.LastError);
        Assert.IsFalse(Directory.Exists(folder["out"]));
    }

    [TestMethod]
    [DataRow(155, true)]
    [DataRow(156, false)]
    public void TheLongestNameIsThatOfAHeader(int bytes, bool fits)
    {
        using TemporaryFolder folder = new();
        string name = new string('ü', bytes / 2) + new string('x', bytes % 2);
        ImageFiles.WriteFolder(folder["set"], $"{name}/{new string('k', 90)}.jpeg", "c/1.png");
        ToolResult result = Tool.Run("data", "pack", folder["set"], folder["out"]);
        Assert.AreEqual(fits ? 0 : 1, result.ExitCode, result.Error);
        if (fits)
        {
            using WebDataset packed = WebDataset.Open(folder["out"], s_sample);
            CollectionAssert.AreEqual(new[] { "c", name }, packed.Classes.ToArray());
        }
        else
        {
            Assert.Contains($"takes {bytes} bytes of at most 155; rename it", result.LastError);
        }
    }

    [TestMethod]
    public void WhatWouldBeLeftOutStopsUnlessAllowed()
    {
        using TemporaryFolder folder = new();
        ImageFiles.WriteFolder(folder["set"], "a/0.png", "b/1.png", "b/deeper/2.png");
        Assert.Contains("say --allow-skipped", Tool.Run("data", "pack", folder["set"], folder["out"]).LastError);
        Assert.AreEqual(0, Tool.Run("data", "pack", folder["set"], folder["out"], "--allow-skipped").ExitCode);
        ToolResult info = Tool.Run("data", "info", folder["set"]), verify = Tool.Run("data", "verify", folder["set"]);
        Assert.Contains(
            $"left out: 1 × image in a folder inside a class's folder: {folder["set/b/deeper/2.png"]}", info.Output);
        Assert.AreEqual((0, 1), (info.ExitCode, verify.ExitCode));
        Assert.Contains("0 of 2 images are damaged.", verify.Output);
    }

    [TestMethod]
    public void VolumesAreVerifiedWhateverTheirExtents()
    {
        using TemporaryFolder folder = new();
        File.WriteAllText(folder["train.csv"], "file,label\na.nii,1\nb.nii.gz,2\nraw.bin.gz,1\n");
        File.WriteAllText(folder["test.csv"], "file,label\nc.hdr,1\nabsent.nii,2\n");
        File.WriteAllBytes(folder["a.nii"], NiftiFiles.CreateOriented(5, 4, 3, 1, 0, 0, 0, 1, 0, 0, 0, 1));
        byte[] two = NiftiFiles.Create(VoxelType.Float32, bigEndian: false, channels: 2);
        File.WriteAllBytes(folder["b.nii.gz"], Gzip.Compress(two));
        File.WriteAllBytes(folder["raw.bin.gz"], Gzip.Compress(new byte[1000]));
        File.WriteAllBytes(folder["c.hdr"], new byte[348]);
        ToolResult result = Tool.Run("data", "verify", folder.Path);
        Assert.AreEqual(1, result.ExitCode);
        Assert.Contains($"{folder["c.hdr"]}, byte 0: the header's size is 0", result.Output);
        Assert.Contains($"1 × file of the list that is not there: {folder["absent.nii"]}", result.Output);
        Assert.Contains("2 of 5 volumes are damaged.", result.Output);
        byte[] damaged = Gzip.Compress(two);
        damaged[^6] ^= 1;
        File.WriteAllBytes(folder["b.nii.gz"], damaged);
        Assert.Contains($"{folder["b.nii.gz"]}, byte ", Tool.Run("data", "verify", folder.Path).Output);
    }

    /// <summary>Many shards, and room for few open files: nothing of it is damage.</summary>
    [TestMethod]
    public void FewOpenFilesAreEnoughForManyShards()
    {
        using TemporaryFolder folder = new();
        for (int shard = 0; shard < 150; shard++)
        {
            ImageFiles.WriteShard(folder[$"{shard:D3}.tar"], ($"{shard % 2}/0.png", null));
        }
        using Process process = ToolProcess.StartBehind(
            ["/bin/sh", "-c", "ulimit -n 100; exec \"$0\" \"$@\""], ["data", "verify", folder.Path, "--threads", "4"]);
        ToolResult result = process.Finish();
        Assert.AreEqual(0, result.ExitCode, result.Output + result.Error);
        Assert.Contains("0 of 150 images are damaged.", result.Output);
    }

    [TestMethod]
    public void ATrainingSetAloneIsShown()
    {
        using TemporaryFolder folder = new();
        ImageFiles.WriteFolder(folder["train"], "a/0.png", "b\u001B[2J/1.png");
        ToolResult info = Tool.Succeed("data", "info", folder.Path);
        Assert.Contains("imageFolder, train: 2 samples in 2 classes", info.Output);
        Assert.Contains("There is no test set", info.Error);
        Assert.Contains(@"b\x1B[2J", info.Output);
        Assert.DoesNotContain("\u001B[2J", info.Output);
        // A class may have this name.
        ImageFiles.WriteFolder(folder.Path, "car/0.png", "train/x.png");
        Directory.Delete(folder["train/a"], recursive: true);
        Directory.Delete(folder["train/b\u001B[2J"], recursive: true);
        Assert.Contains("imageFolder: 2 samples in 2 classes", Tool.Run("data", "info", folder.Path).Output);
    }
}
