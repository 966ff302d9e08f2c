using System.Runtime.InteropServices;

namespace RevUp.Tests.Data.Volumes;

/// <summary>
/// NIfTI files of every type, version and orientation, to the bit as nibabel reads them.
/// </summary>
[TestClass]
public sealed class NibabelTests : FolderTest
{
    [TestMethod]
    public void ValuesAreThoseOfNibabel()
    {
        string[] lines = PythonOracle.Run(
            "tests/RevUp.Tests/Data/Volumes/nibabel_oracle.py", "python3-nibabel", Folder.Path);
        Assert.HasCount(72, lines);
        foreach (string line in lines)
        {
            string[] words = line.Split(' ');
            Shape sample = new([1, .. words[1..].Select(int.Parse)]);
            float[] expected =
                MemoryMarshal.Cast<byte, float>(File.ReadAllBytes(Folder[words[0] + ".values"])).ToArray();
            float[] values = new float[sample.Count];
            new VolumeFile(sample, VoxelType.UInt8).Read(Folder[words[0]], values);
            CollectionAssert.AreEqual(expected, values, line);
        }
    }
}
