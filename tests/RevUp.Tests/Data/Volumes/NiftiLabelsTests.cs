using System.Runtime.InteropServices;

namespace RevUp.Tests.Data.Volumes;

/// <summary>Label maps lie on the voxels of their image, as nibabel reads both.</summary>
[TestClass]
public sealed class NiftiLabelsTests : FolderTest
{
    private const string Oracle = "tests/RevUp.Tests/Data/Volumes/labels_oracle.py";
    private const string Package = "python3-nibabel";

    [TestMethod]
    [DataRow(256, "uint8")]
    [DataRow(257, "uint16")]
    [DataRow(60000, "uint16")]
    public void GeometryIsTheImagesInEveryOrientation(int classes, string type)
    {
        string[] images = PythonOracle.Run(Oracle, Package, "make", Folder.Path);
        Assert.HasCount(18, images);
        Dictionary<string, ushort[]> written = [];
        foreach (string line in images)
        {
            string[] words = line.Split(' ');
            int count = words[1..].Select(int.Parse).Aggregate((a, b) => a * b);
            ushort[] labels = [.. Enumerable.Range(1, count).Select(i => (ushort)((classes - i % classes) % classes))];
            byte[] header = VolumeFile.HeaderBytes(Folder[words[0]])!;
            string name = words[0] + (written.Count % 2 == 0 ? ".labels.nii.gz" : ".labels.nii");
            NiftiLabels.Write(Folder[name], header, labels, classes);
            written.Add(name, labels);
        }

        string[] read = PythonOracle.Run(Oracle, Package, "check", Folder.Path);
        CollectionAssert.AreEquivalent(written.Keys.Select(name => $"{name} {type}").ToArray(), read);
        foreach ((string name, ushort[] labels) in written)
        {
            byte[] values = File.ReadAllBytes(Folder[name + ".values"]);
            CollectionAssert.AreEqual(labels, MemoryMarshal.Cast<byte, ushort>(values).ToArray(), name);
        }
        Assert.IsEmpty(Directory.GetFiles(Folder.Path, "*.incomplete"));
    }

    /// <summary>Without Python: our own reader finds the labels.</summary>
    [TestMethod]
    [DataRow(false, "map.nii")]
    [DataRow(true, "map.nii.gz")]
    public void TheLabelsAreReadBack(bool bigEndian, string name)
    {
        File.WriteAllBytes(Folder["image.nii"], NiftiFiles.Create(VoxelType.Float32, bigEndian, slope: 3, channels: 2));
        ushort[] labels = [.. Enumerable.Range(0, 24).Select(i => (ushort)(i * 2000))];
        NiftiLabels.Write(Folder[name], VolumeFile.HeaderBytes(Folder["image.nii"])!, labels, classes: 50000);
        float[] values = new float[24];
        new VolumeFile(new(1, 2, 3, 4, 1), VoxelType.UInt8).Read(Folder[name], values);
        CollectionAssert.AreEqual(labels.Select(label => (float)label).ToArray(), values);
    }

    [TestMethod]
    public void AFailureLeavesTheFileThatWasThere()
    {
        File.WriteAllBytes(Folder["image.nii"], NiftiFiles.Create(VoxelType.Int16, bigEndian: false));
        byte[] header = VolumeFile.HeaderBytes(Folder["image.nii"])!;
        File.WriteAllText(Folder["map.nii"], "before");
        // A label that is no class does not fit into 8 bits.
        Assert.ThrowsExactly<OverflowException>(
            () => NiftiLabels.Write(Folder["map.nii"], header, [.. Enumerable.Repeat((ushort)300, 24)], classes: 2));
        Assert.AreEqual("before", File.ReadAllText(Folder["map.nii"]));
        Assert.HasCount(2, Directory.GetFiles(Folder.Path));
    }

    [TestMethod]
    [DataRow("map.nii", 23, "23 labels are not the 2 × 3 × 4 voxels of the image")]
    [DataRow("map.png", 24, "end it with .nii or .nii.gz")]
    [DataRow("map.img", 24, "end it with .nii or .nii.gz")]
    public void WrongRequestsAreRefused(string name, int count, string message)
    {
        File.WriteAllBytes(Folder["image.nii"], NiftiFiles.Create(VoxelType.Int16, bigEndian: false));
        byte[] header = VolumeFile.HeaderBytes(Folder["image.nii"])!;
        ArgumentException exception = Assert.ThrowsExactly<ArgumentException>(
            () => NiftiLabels.Write(Folder[name], header, new ushort[count], classes: 2));
        Assert.Contains(message, exception.Message);
        Assert.HasCount(1, Directory.GetFiles(Folder.Path));
    }
}
