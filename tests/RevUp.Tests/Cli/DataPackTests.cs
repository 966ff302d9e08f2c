namespace RevUp.Tests.Cli;

/// <summary>Packing whole datasets, and verifying every kind.</summary>
[TestClass]
public sealed class DataPackTests : FolderTest
{
    private static readonly Shape s_sample = new(1, 6, 6, 3);

    [TestMethod]
    public void EveryPartHasTheNumbersOfTheTrainingSet()
    {
        ImageFiles.WriteFolder(Folder["set/train"], "cat/0.png", "dog/1.png", "zebra/2.png");
        ImageFiles.WriteFolder(Folder["set/val"], "dog/0.png", "zebra/1.png");
        ToolResult result = Tool.Succeed("data", "pack", Folder["set"], Folder["out"], "--allow-skipped");
        Assert.Contains("5 images in 2 shards", result.Output);
        CollectionAssert.AreEquivalent(
            new[] { Folder["out/train"], Folder["out/val"] }, Directory.GetDirectories(Folder["out"]));
        using WebDataset val = WebDataset.Open(Folder["out/val"], s_sample);
        CollectionAssert.AreEqual(new[] { "cat", "dog", "zebra" }, val.Classes.ToArray());
        CollectionAssert.AreEquivalent(new[] { 1, 2 }, Enumerable.Range(0, val.Count).Select(val.Label).ToArray());

        // A part by itself is numbered as the whole is.
        Assert.AreEqual(0, Tool.Run("data", "pack", Folder["set/val"], Folder["alone"], "--allow-skipped").ExitCode);
        Assert.AreEqual("cat\ndog\nzebra\n", File.ReadAllText(Folder["alone/classes.txt"]));
        using WebDataset alone = WebDataset.Open(Folder["alone"], s_sample);
        CollectionAssert.AreEquivalent(new[] { 1, 2 }, Enumerable.Range(0, alone.Count).Select(alone.Label).ToArray());
    }

    [TestMethod]
    [DataRow("a\nb", "has a control character")]
    [DataRow("tab\there", "has a control character")]
    public void ANameThatShardsCannotCarryIsRefused(string name, string problem)
    {
        ImageFiles.WriteFolder(Folder["set"], $"{name}/0.png", "c/1.png");
        ToolResult result = Tool.Run("data", "pack", Folder["set"], Folder["out"]);
        Assert.AreEqual(1, result.ExitCode);
        Assert.Contains(problem, result.LastError);
        Assert.IsFalse(Directory.Exists(Folder["out"]));
    }

    [TestMethod]
    [DataRow(155, true)]
    [DataRow(156, false)]
    public void TheLongestNameIsThatOfAHeader(int bytes, bool fits)
    {
        string name = new string('ü', bytes / 2) + new string('x', bytes % 2);
        ImageFiles.WriteFolder(Folder["set"], $"{name}/{new string('k', 90)}.jpeg", "c/1.png");
        ToolResult result = Tool.Run("data", "pack", Folder["set"], Folder["out"]);
        Assert.AreEqual(fits ? 0 : 1, result.ExitCode, result.Error);
        if (fits)
        {
            using WebDataset packed = WebDataset.Open(Folder["out"], s_sample);
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
        ImageFiles.WriteFolder(Folder["set"], "a/0.png", "b/1.png", "b/deeper/2.png");
        Assert.Contains("say --allow-skipped", Tool.Run("data", "pack", Folder["set"], Folder["out"]).LastError);
        Assert.AreEqual(0, Tool.Run("data", "pack", Folder["set"], Folder["out"], "--allow-skipped").ExitCode);
        ToolResult info = Tool.Run("data", "info", Folder["set"]), verify = Tool.Run("data", "verify", Folder["set"]);
        Assert.Contains(
            $"left out: 1 × image in a folder inside a class's folder: {Folder["set/b/deeper/2.png"]}", info.Output);
        Assert.AreEqual((0, 1), (info.ExitCode, verify.ExitCode));
        Assert.Contains("0 of 2 images are damaged.", verify.Output);
    }

    [TestMethod]
    public void VolumesAreVerifiedWhateverTheirExtents()
    {
        File.WriteAllText(Folder["train.csv"], "file,label\na.nii,1\nb.nii.gz,2\nraw.bin.gz,1\n");
        File.WriteAllText(Folder["test.csv"], "file,label\nc.hdr,1\nabsent.nii,2\n");
        File.WriteAllBytes(Folder["a.nii"], NiftiFiles.CreateOriented(5, 4, 3, 1, 0, 0, 0, 1, 0, 0, 0, 1));
        byte[] two = NiftiFiles.Create(VoxelType.Float32, bigEndian: false, channels: 2);
        File.WriteAllBytes(Folder["b.nii.gz"], Gzip.Compress(two));
        File.WriteAllBytes(Folder["raw.bin.gz"], Gzip.Compress(new byte[1000]));
        File.WriteAllBytes(Folder["c.hdr"], new byte[348]);
        ToolResult result = Tool.Run("data", "verify", Folder.Path);
        Assert.AreEqual(1, result.ExitCode);
        Assert.Contains($"{Folder["c.hdr"]}, byte 0: the header's size is 0", result.Output);
        Assert.Contains($"1 × file of the list that is not there: {Folder["absent.nii"]}", result.Output);
        Assert.Contains("2 of 5 volumes are damaged.", result.Output);
        byte[] damaged = Gzip.Compress(two);
        damaged[^6] ^= 1;
        File.WriteAllBytes(Folder["b.nii.gz"], damaged);
        Assert.Contains($"{Folder["b.nii.gz"]}, byte ", Tool.Run("data", "verify", Folder.Path).Output);
    }

    /// <summary>Many shards, and room for few open files: nothing of it is damage.</summary>
    [TestMethod]
    public void FewOpenFilesAreEnoughForManyShards()
    {
        for (int shard = 0; shard < 150; shard++)
        {
            ImageFiles.WriteShard(Folder[$"{shard:D3}.tar"], ($"{shard % 2}/0.png", null));
        }
        using Process process = ToolProcess.StartBehind(
            ["/bin/sh", "-c", "ulimit -n 100; exec \"$0\" \"$@\""], ["data", "verify", Folder.Path, "--threads", "4"]);
        ToolResult result = process.Finish();
        Assert.AreEqual(0, result.ExitCode, result.Output + result.Error);
        Assert.Contains("0 of 150 images are damaged.", result.Output);
    }

    [TestMethod]
    public void ATrainingSetAloneIsShown()
    {
        ImageFiles.WriteFolder(Folder["train"], "a/0.png", "b\u001B[2J/1.png");
        ToolResult info = Tool.Succeed("data", "info", Folder.Path);
        Assert.Contains("imageFolder, train: 2 samples in 2 classes", info.Output);
        Assert.Contains("There is no test set", info.Error);
        Assert.Contains(@"b\x1B[2J", info.Output);
        Assert.DoesNotContain("\u001B[2J", info.Output);
        // A class may have this name.
        ImageFiles.WriteFolder(Folder.Path, "car/0.png", "train/x.png");
        Directory.Delete(Folder["train/a"], recursive: true);
        Directory.Delete(Folder["train/b\u001B[2J"], recursive: true);
        Assert.Contains("imageFolder: 2 samples in 2 classes", Tool.Run("data", "info", Folder.Path).Output);
    }
}
