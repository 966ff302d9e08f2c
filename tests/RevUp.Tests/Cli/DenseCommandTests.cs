using RevUp.Tests.Data.Dense;

namespace RevUp.Tests.Cli;

/// <summary>'revup data' on cases with label maps.</summary>
[TestClass]
public sealed class DenseCommandTests
{
    [TestMethod]
    public void AFolderIsLookedAtPreparedAndLookedAtAgain()
    {
        using TemporaryFolder folder = new();
        CaseFolder.WriteNnUNet(folder["in"]);
        JsonElement before = Info(folder["in"]);
        Assert.AreEqual("segmentationFolder", before.GetProperty("kind").GetString());
        JsonElement part = before.GetProperty("parts")[0];
        Assert.AreEqual(4, part.GetProperty("cases").GetInt32());
        Assert.AreEqual(13.5, part.GetProperty("extents")[2].GetProperty("median").GetDouble());
        Assert.AreEqual(1.5, part.GetProperty("spacing")[2].GetProperty("most").GetDouble());
        Assert.AreEqual(4 * 2, part.GetProperty("classes")[2].GetProperty("voxels").GetInt64());

        ToolResult prepared = Tool.Run("data", "prepare", "dense", folder["in"], folder["out"], "--spacing", "2,1,1.5");
        Assert.AreEqual(0, prepared.ExitCode, prepared.Error);
        Assert.Contains("4 cases at 2 × 1 × 1.5 mm", prepared.Output);
        Assert.Contains("prepared 8/8", prepared.Error);
        Assert.AreEqual(DatasetKind.SegmentationFolder, DatasetLayout.Recognize(folder["out"]));
        JsonElement after = Info(folder["out"]).GetProperty("parts")[0];
        Assert.AreEqual(9.0, after.GetProperty("extents")[2].GetProperty("median").GetDouble());
        Assert.AreEqual(4 * 2, after.GetProperty("classes")[2].GetProperty("voxels").GetInt64());

        ToolResult tables = Tool.Run("data", "info", folder["out"]);
        Assert.Contains("segmentationFolder, train: 4 cases of 1 channels (MRI)", tables.Output);
        Assert.AreEqual(0, Tool.Run("data", "verify", folder["in"]).ExitCode);
        Assert.AreEqual(0, Tool.Run("data", "verify", folder["out"]).ExitCode);
    }

    [TestMethod]
    public void EveryDamagedCaseIsNamed()
    {
        using TemporaryFolder folder = new();
        CaseFolder.WriteNnUNet(folder.Path);
        CaseFolder.Write(
            folder["labelsTr/b.nii.gz"], [13, 11, 10, 1], VoxelType.UInt8, [1.5, 0, 0, -3, 0, 1, 0, 4, 0, 0, 2, 1],
            (_, _, _, _) => 9);
        string cut = folder["imagesTr/c_0000.nii.gz"];
        File.WriteAllBytes(cut, File.ReadAllBytes(cut)[..^20]);
        ToolResult result = Tool.Run("data", "verify", folder.Path);
        Assert.AreEqual(1, result.ExitCode);
        Assert.Contains("has the value 9", result.Output);
        Assert.Contains("c_0000.nii.gz", result.Output);
        Assert.Contains("2 of 4 cases are damaged.", result.Output);
        ToolResult refused = Tool.Run("data", "prepare", "dense", folder.Path, folder["out"]);
        Assert.AreNotEqual(0, refused.ExitCode);
        Assert.Contains("labelsTr/b.nii.gz", refused.LastError);
    }

    [TestMethod]
    public void MasksAreCountedByTheirNumbers()
    {
        using TemporaryFolder folder = new();
        MaskFolderTests.Write(folder, "train", "a", 8, 6);
        MaskFolderTests.Write(folder, "val", "b", 8, 6);
        ToolResult result = Tool.Run("data", "info", folder.Path);
        Assert.Contains("maskFolder, train: 1 cases", result.Output);
        Assert.Contains("maskFolder, validation: 1 cases", result.Output);
        Assert.Contains("25.00 %", result.Output); // four numbers, equally often
        Assert.AreEqual(0, Tool.Run("data", "verify", folder.Path).ExitCode);
    }

    [TestMethod]
    public void ASpacingThatCannotBeIsRefused()
    {
        ToolResult result = Tool.Run("data", "prepare", "dense", "in", "out", "--spacing", "1,0,1");
        Assert.AreNotEqual(0, result.ExitCode);
        Assert.Contains("--spacing is '1,0,1'", result.Error);
    }

    private static JsonElement Info(string folder)
    {
        ToolResult result = Tool.Run("data", "info", folder, "--json");
        Assert.AreEqual(0, result.ExitCode, result.Error);
        return result.Json;
    }
}
