using RevUp.Data.Dense;
using RevUp.Data.Volumes;
using RevUp.Tests.Support;

namespace RevUp.Tests.Benchmarks;

/// <summary>benchmarks/data/ch2_regions.py on a small head.</summary>
[TestClass]
public sealed class RegionsScriptTests
{
    // By x, which goes from left to right; 5 is the middle.
    private static readonly int[] s_atlas = [0, 0, 3, 71, 95, 0, 116, 78, 90, 0, 0];

    [TestMethod]
    public void TheLeftHalfTrainsAndTheMirroredRightHalfTests()
    {
        using TemporaryFolder folder = new();
        Write("ch2", (x, y, z) => 100 * z + 11 * y + x);
        Write("ch2bet", (x, _, _) => x is > 0 and < 10 ? 7 : 0);
        Write("aal", (x, _, _) => s_atlas[x]);
        PythonOracle.Run("benchmarks/data/ch2_regions.py", "python3-nibabel", folder["out"], folder.Path);

        SegmentationFolder read = SegmentationFolder.Read(folder["out"]);
        Assert.AreEqual(
            "left train, right test", string.Join(", ", read.Cases.Select(files => $"{files.Name} {files.Part}")));
        Assert.AreEqual(
            "background, brain, cortex, deep grey, cerebellum", string.Join(", ", read.Labels.Names));
        SourceCase[] cases = [.. read.Cases.Select(files => SourceCase.Read(files, 1, read.Labels))];
        CollectionAssert.AreEqual(new ushort[] { 0, 1, 2, 3, 4 }, cases[0].Labels![..5]);
        CollectionAssert.AreEqual(new ushort[] { 0, 1, 2, 3, 4 }, cases[1].Labels![..5]);
        for (int i = 0; i < 5 * 3 * 2; i++)
        {
            (int x, int rest) = (i % 5, 11 * (i / 5 % 3) + 100 * (i / 15));
            Assert.AreEqual(rest + x, cases[0].Pixels[i]);
            Assert.AreEqual(rest + 10 - x, cases[1].Pixels[i]);
        }

        void Write(string name, Func<int, int, int, int> value) => CaseFolder.Write(
            folder[$"{name}.nii.gz"], [11, 3, 2, 1], VoxelType.Int16, CaseFolder.Unit, (x, y, z, _) => value(x, y, z));
    }
}
