namespace RevUp.Tests.Data.Volumes;

/// <summary>Versions, pairs and orientations of NIfTI files.</summary>
[TestClass]
public sealed class NiftiTests : FolderTest
{
    private static readonly Shape s_sample = new(1, 2, 3, 4, 1);

    [TestMethod]
    [DataRow(VoxelType.UInt8, false)]
    [DataRow(VoxelType.Int64, true)]
    [DataRow(VoxelType.Float64, true)]
    [DataRow(VoxelType.UInt64, false)]
    public void Version2IsRead(VoxelType type, bool bigEndian)
    {
        File.WriteAllBytes(Folder["v.nii"], NiftiFiles.CreateVersion2(type, bigEndian, slope: 0.5, intercept: -3));
        CollectionAssert.AreEqual(
            Enumerable.Range(0, 24).Select(i => 0.5f * NiftiFiles.Stored(i) - 3).ToArray(),
            Read(Folder["v.nii"], s_sample));
    }

    [TestMethod]
    public void Version2WithAnotherMagicIsNamed()
    {
        byte[] file = NiftiFiles.CreateVersion2(VoxelType.UInt8, bigEndian: false);
        file[8] = (byte)'\n'; // what a transfer as text makes of the line ends
        File.WriteAllBytes(Folder["v.nii"], file);
        Assert.Contains("line ends were changed", Refused(Folder["v.nii"]));
        file[4] = (byte)'m';
        File.WriteAllBytes(Folder["v.nii"], file);
        Assert.Contains("the magic is not 'n+2'", Refused(Folder["v.nii"]));
    }

    [TestMethod]
    [DataRow("v.hdr", "v.hdr", "v.img", false)]
    [DataRow("v.img", "v.hdr", "v.img", false)]
    [DataRow("v.img.gz", "v.hdr.gz", "v.img.gz", true)]
    [DataRow("v.hdr", "v.hdr", "v.img.gz", true)]
    public void APairIsReadWithItsScalingByEitherName(string name, string header, string image, bool gzip)
    {
        byte[] file = NiftiFiles.Create(VoxelType.Int16, bigEndian: false, slope: 2, intercept: -1024);
        "ni1\0"u8.CopyTo(file.AsSpan(344));
        NiftiFiles.WriteFloats(file, 108, 0);
        byte[] voxels = file[352..];
        File.WriteAllBytes(Folder[header], file[..348]);
        File.WriteAllBytes(Folder[image], gzip ? Gzip.Compress(voxels) : voxels);
        CollectionAssert.AreEqual(
            Enumerable.Range(0, 24).Select(i => 2 * NiftiFiles.Stored(i) - 1024).ToArray(),
            Read(Folder[name], s_sample));
        Assert.AreEqual("2 × 3 × 4 × 1", VolumeFile.DescribeSize(Folder[name]));
        File.Delete(Folder[image]);
        Assert.Contains("cannot be read", Refused(Folder[header]));
    }

    [TestMethod]
    public void AnImageWithoutAHeaderIsRawAndOtherFormatsAreNamed()
    {
        File.WriteAllBytes(Folder["v.img"], new byte[24]);
        Assert.HasCount(24, Read(Folder["v.img"], s_sample));
        File.WriteAllBytes(Folder["v.hdr"], new byte[348]);
        Assert.Contains("v.hdr, byte 0: the header's size is 0", Refused(Folder["v.img"]));
        File.WriteAllBytes(Folder["v.mgz"], new byte[24]);
        Assert.Contains("convert it to NIfTI", Refused(Folder["v.mgz"]));
        File.WriteAllBytes(Folder["v.raw"], NiftiFiles.Create(VoxelType.UInt8, bigEndian: false));
        Assert.AreEqual(NiftiFiles.Stored(7), Read(Folder["v.raw"], s_sample)[7], "the content decides");
    }

    /// <summary>
    /// Stored numbers are x + 4 y + 12 z; the expected ones are worked out by hand from each
    /// affine.
    /// </summary>
    [TestMethod]
    [DataRow("RAS", new float[] { 1, 0, 0, 0, 1, 0, 0, 0, 1 }, 2, 3, 4, 0, 1, 4, 12)]
    [DataRow("LAS", new float[] { -2, 0, 0, 0, 2, 0, 0, 0, 2 }, 2, 3, 4, 3, -1, 4, 12)]
    [DataRow("LPS", new float[] { -1, 0, 0, 0, -1, 0, 0, 0, 1 }, 2, 3, 4, 11, -1, -4, 12)]
    [DataRow("SRA", new float[] { 0, 1, 0, 0, 0, 1, 1, 0, 0 }, 4, 2, 3, 0, 4, 12, 1)]
    [DataRow("IPR", new float[] { 0, 0, 3, 0, -1, 0, -2, 0, 0 }, 4, 3, 2, 11, 12, -4, -1)]
    [DataRow("oblique", new float[] { 0.9f, -0.3f, 0.1f, 0.3f, 0.9f, -0.2f, 0, 0.2f, 0.95f }, 2, 3, 4, 0, 1, 4, 12)]
    public void AxesAreBroughtToRightFrontUp(
        string name, float[] affine, int depth, int height, int width, int first, int byW, int byH, int byD)
    {
        File.WriteAllBytes(Folder["v.nii"], NiftiFiles.CreateOriented(4, 3, 2, affine));
        Assert.AreEqual($"{depth} × {height} × {width} × 1", VolumeFile.DescribeSize(Folder["v.nii"]));
        float[] values = Read(Folder["v.nii"], new Shape(1, depth, height, width, 1));
        for (int i = 0; i < values.Length; i++)
        {
            int w = i % width, h = i / width % height, d = i / width / height;
            Assert.AreEqual(first + w * byW + h * byH + d * byD, values[i], $"{name}: {d}, {h}, {w}");
        }
        VolumeFile stored = new(
            s_sample, VoxelType.UInt8, new VolumeSettings { Orientation = VolumeOrientation.Stored });
        float[] asStored = new float[24];
        stored.Read(Folder["v.nii"], asStored);
        CollectionAssert.AreEqual(Enumerable.Range(0, 24).Select(i => (float)i).ToArray(), asStored);
    }

    /// <summary>The same anatomy stored in two ways reads as one.</summary>
    [TestMethod]
    public void AQuaternionIsReadWhereThereIsNoAffine()
    {
        byte[] file = NiftiFiles.CreateOriented(4, 3, 2, 1, 0, 0, 0, 1, 0, 0, 0, 1);
        NiftiFiles.Write(file, 252, 1, 0); // qform_code, sform_code
        NiftiFiles.WriteFloats(file, 76, -1, 1, 1, 1); // qfac −1: the third axis runs the other way
        NiftiFiles.WriteFloats(file, 256, 0, 0, 1); // half a turn about the third axis: x and y the other way
        File.WriteAllBytes(Folder["v.nii"], file);
        CollectionAssert.AreEqual(
            Enumerable.Range(0, 24).Select(i => 23f - i).ToArray(), Read(Folder["v.nii"], s_sample));
    }

    [TestMethod]
    public void AnAffineWithoutThreeAxesIsNamed()
    {
        File.WriteAllBytes(Folder["v.nii"], NiftiFiles.CreateOriented(4, 3, 2, 1, 0, 0, 0, 0, 0, 0, 0, 1));
        Assert.Contains("data.volumes.orientation=stored", Refused(Folder["v.nii"]));
    }

    private static float[] Read(string path, Shape sample)
    {
        float[] values = new float[sample.Count];
        new VolumeFile(sample, VoxelType.UInt8).Read(path, values);
        return values;
    }

    private static string Refused(string path) =>
        Assert.ThrowsExactly<DataFileException>(() => Read(path, s_sample)).Message;
}
