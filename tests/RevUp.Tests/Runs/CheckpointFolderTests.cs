namespace RevUp.Tests.Runs;

[TestClass]
public sealed class CheckpointFolderTests : FolderTest
{
    [TestMethod]
    public void TheHighestStepIsTheLatestAndTheLastOnesAreKept()
    {
        var checkpoints = new CheckpointFolder(Folder["runs/1"], keep: 2);
        Assert.IsNull(checkpoints.Latest());
        foreach (long step in new long[] { 5, 100, 99_999_999, 100_000_000 })
        {
            Assert.AreEqual(checkpoints.Save(step, Write), checkpoints.Latest());
        }

        CollectionAssert.AreEqual(new[] { "step-100000000", "step-99999999" }, Names(Folder["runs/1"]));
        Assert.AreEqual("model 1", File.ReadAllText(Path.Combine(checkpoints.Latest()!.Path, "model")));
    }

    [TestMethod]
    public void AFailureBetweenTheFilesLeavesThePreviousCheckpoint()
    {
        var checkpoints = new CheckpointFolder(Folder.Path, keep: 1);
        CheckpointEntry previous = checkpoints.Save(1, Write);
        var failure = new InvalidCastException("between the files");
        var thrown = Assert.ThrowsExactly<InvalidCastException>(() => checkpoints.Save(2, path =>
        {
            File.WriteAllText(Path.Combine(path, "model"), "half");
            throw failure;
        }));
        Assert.AreSame(failure, thrown);
        Assert.AreEqual(previous, checkpoints.Latest());
        CollectionAssert.AreEqual(new[] { "step-00000001" }, Names(Folder.Path));
    }

    [TestMethod]
    public void AFullDiskIsReportedAndLeavesThePreviousCheckpoint()
    {
        if (!File.Exists("/dev/full"))
        {
            Assert.Inconclusive("This system has no /dev/full to stand for a full disk.");
        }

        var checkpoints = new CheckpointFolder(Folder.Path, keep: 1);
        CheckpointEntry previous = checkpoints.Save(1, Write);
        Action<string> overfill = _ => File.WriteAllBytes("/dev/full", new byte[1 << 16]);
        CheckpointException error = Assert.ThrowsExactly<CheckpointException>(() => checkpoints.Save(2, overfill));
        Assert.StartsWith($"{Folder.Path}: the checkpoint of step 2 cannot be saved", error.Message);
        Assert.DoesNotContain("\n", error.Message);
        Assert.AreEqual(previous, checkpoints.Latest());
    }

    [TestMethod]
    public void APlaceThatIsNoFolderIsReported()
    {
        File.WriteAllText(Folder["file"], "");
        Assert.StartsWith(
            Folder["file"],
            Assert.ThrowsExactly<CheckpointException>(
                () => new CheckpointFolder(Folder["file"], 1).Save(1, Write)).Message);
    }

    [TestMethod]
    public void WhatAKilledProcessLeavesIsIgnoredAndThenRemoved()
    {
        var checkpoints = new CheckpointFolder(Folder.Path, keep: 2);
        CheckpointEntry previous = checkpoints.Save(1, Write);
        string killed = "";
        checkpoints.Save(2, path => { killed = path; Write(path); });
        Directory.Move(Folder["step-00000002"], killed); // as if the process had died just before the rename
        Assert.AreEqual(previous, checkpoints.Latest());
        checkpoints.Save(3, Write);
        CollectionAssert.AreEqual(new[] { "step-00000001", "step-00000003" }, Names(Folder.Path));
    }

    [TestMethod]
    public void EveryBitFlipTruncationAndLossIsFound()
    {
        var checkpoints = new CheckpointFolder(Folder.Path, keep: 2);
        CheckpointEntry previous = checkpoints.Save(1, Write), damaged = checkpoints.Save(2, Write);
        foreach (string file in Directory.GetFiles(damaged.Path))
        {
            byte[] whole = File.ReadAllBytes(file);
            for (int place = 0; place < whole.Length; place++)
            {
                byte[] flipped = [.. whole];
                flipped[place] ^= (byte)(1 << place % 8);
                File.WriteAllBytes(file, flipped);
                Assert.AreEqual(previous, checkpoints.Latest(), $"{file}, byte {place} flipped");
                File.WriteAllBytes(file, whole[..place]);
                Assert.AreEqual(previous, checkpoints.Latest(), $"{file}, cut to {place} bytes");
            }

            File.Delete(file);
            var problems = new List<string>();
            Assert.AreEqual(previous, checkpoints.Latest(problems), $"{file} lost");
            Assert.StartsWith(damaged.Path, problems.Single());
            File.WriteAllBytes(file, whole);
            Assert.AreEqual(damaged, checkpoints.Latest());
        }
    }

    [TestMethod]
    public void TheSameStepIsReplaced()
    {
        var checkpoints = new CheckpointFolder(Folder.Path, keep: 1);
        checkpoints.Save(4, Write);
        checkpoints.Save(4, path => File.WriteAllText(Path.Combine(path, "model"), "newer"));
        Assert.AreEqual("newer", File.ReadAllText(Path.Combine(checkpoints.Latest()!.Path, "model")));
        CollectionAssert.AreEqual(new[] { "step-00000004" }, Names(Folder.Path));
    }

    [TestMethod]
    public void ACheckpointBeforeAnAbandonedFutureIsNotDeletedByItsOwnSave()
    {
        var checkpoints = new CheckpointFolder(Folder.Path, keep: 1);
        checkpoints.Save(20, Write);
        Assert.IsTrue(Directory.Exists(checkpoints.Save(11, Write).Path));
        checkpoints.Save(12, Write);
        CollectionAssert.AreEqual(new[] { "step-00000012", "step-00000020" }, Names(Folder.Path));
    }

    [TestMethod]
    public void OtherFoldersAreLeftAlone()
    {
        string[] others = ["step-7", "step-best", "step-00000009x", "notes"];
        Array.ForEach(others, name => Directory.CreateDirectory(Folder[name]));
        var checkpoints = new CheckpointFolder(Folder.Path, keep: 1);
        checkpoints.Save(8, Write);
        Assert.AreEqual(8, checkpoints.Latest()!.Step);
        CollectionAssert.AreEquivalent(others.Append("step-00000008").ToArray(), Names(Folder.Path));
    }

    [TestMethod]
    public void WhatTheManifestCannotDescribeIsRefused()
    {
        var checkpoints = new CheckpointFolder(Folder.Path, keep: 1);
        Assert.ThrowsExactly<InvalidOperationException>(
            () => checkpoints.Save(1, path => Directory.CreateDirectory(Path.Combine(path, "inner"))));
        Assert.ThrowsExactly<InvalidOperationException>(
            () => checkpoints.Save(1, path => File.WriteAllText(Path.Combine(path, "manifest.json"), "")));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => checkpoints.Save(-1, Write));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => new CheckpointFolder(Folder.Path, keep: 0));
        Assert.IsEmpty(Names(Folder.Path));
    }

    private static void Write(string path)
    {
        File.WriteAllText(Path.Combine(path, "model"), "model 1");
        File.WriteAllText(Path.Combine(path, "optimiser"), "optimiser 1");
    }

    private static string[] Names(string root) =>
        [.. Directory.GetDirectories(root).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal)];
}
