namespace RevUp.Tests.Data;

/// <summary>
/// Compressed files by their content: members, padding, headers, and damage at every byte.
/// </summary>
[TestClass]
public sealed class GzipContentTests : FolderTest
{
    private static readonly byte[] s_content = [.. Enumerable.Range(0, 5000).Select(i => (byte)(i * i / 7))];

    private static IEnumerable<object[]> Whole =>
    [
        ["one member", Gzip.Compress(s_content)],
        [
            "two members",
            (byte[])[.. Gzip.Compress(s_content.AsSpan(0, 1234)), .. Gzip.Compress(s_content.AsSpan(1234))],
        ],
        ["an empty member at the end, as of bgzip", (byte[])[.. Gzip.Compress(s_content), .. Gzip.Compress([])]],
        [
            "an empty member between",
            (byte[])
            [
                .. Gzip.Compress(s_content.AsSpan(0, 9)), .. Gzip.Compress([]), .. Gzip.Compress(s_content.AsSpan(9)),
            ],
        ],
        ["zeros behind", (byte[])[.. Gzip.Compress(s_content), .. new byte[10_240]]],
        [
            "zeros between",
            (byte[])[.. Gzip.Compress(s_content.AsSpan(0, 9)), .. new byte[512], .. Gzip.Compress(s_content.AsSpan(9))],
        ],
        ["an extra field, as of bgzip", WithHeader(4, [6, 0, (byte)'B', (byte)'C', 2, 0, 1, 2])],
        ["a name and a comment", WithHeader(8 + 16, "images.idx\0by hand\0"u8)],
        ["a checksum of the header", WithHeader(2, [1, 2])],
        ["everything", WithHeader(2 + 4 + 8 + 16, [1, 0, 7, .. "a\0b\0"u8, 1, 2])],
    ];

    [TestMethod]
    [DynamicData(nameof(Whole))]
    public void ContentIsWhatWasCompressed(string name, byte[] file)
    {
        File.WriteAllBytes(Folder["x"], file);
        CollectionAssert.AreEqual(s_content, ReadAll(Folder["x"]), name);
    }

    [TestMethod]
    [DataRow("bzip2", "425a683931415926535900")]
    [DataRow("xz", "fd377a585a000004")]
    [DataRow("zstd", "28b52ffd04")]
    [DataRow("zip", "504b030414")]
    [DataRow("7-zip", "377abcaf271c0004")]
    [DataRow("RAR", "526172211a0700")]
    public void AnotherCompressionIsNamed(string compression, string start)
    {
        File.WriteAllBytes(Folder["x.gz"], Convert.FromHexString(start));
        Assert.Refuses<DataFileException>(
            () => ReadAll(Folder["x.gz"]),
            $"{Folder["x.gz"]}: it is compressed with {compression}, which is not read; unpack it with '");
        Directory.CreateDirectory(Folder["train"]);
        File.Move(Folder["x.gz"], Folder["train/0.tar.zst"]);
        Assert.Refuses<DataFileException>(
            () => DatasetSummary.Read(Folder.Path), $"it is compressed with {compression}");
    }

    [TestMethod]
    public void WhatIsNotCompressedIsReadAsItIs()
    {
        File.WriteAllBytes(Folder["x.gz"], s_content);
        CollectionAssert.AreEqual(s_content, ReadAll(Folder["x.gz"]));
        File.WriteAllBytes(Folder["x.gz"], [0x1F]);
        CollectionAssert.AreEqual(new byte[] { 0x1F }, ReadAll(Folder["x.gz"]));
    }

    [TestMethod]
    public void ACutIsFoundAtEveryByteOfTheLastMember()
    {
        byte[] first = Gzip.Compress(s_content.AsSpan(0, 100));
        byte[] file = [.. first, .. Gzip.Compress(s_content.AsSpan(100, 100))];
        for (int length = first.Length + 1; length < file.Length; length++)
        {
            File.WriteAllBytes(Folder["x"], file[..length]);
            string message = Refused(Folder["x"]);
            Assert.IsTrue(
                message.Contains("cut", StringComparison.Ordinal) || message.Contains(
                    "neither zero", StringComparison.Ordinal),
                $"{length}: {message}");
        }
    }

    [TestMethod]
    public void AWrongChecksumOrLengthIsFoundInEveryMember()
    {
        byte[] first = Gzip.Compress(s_content.AsSpan(0, 100));
        byte[] file = [.. first, .. Gzip.Compress(s_content.AsSpan(100))];
        foreach (int end in new[] { first.Length, file.Length })
        {
            for (int back = 1; back <= 8; back++)
            {
                byte[] damaged = [.. file];
                damaged[end - back] ^= 1;
                File.WriteAllBytes(Folder["x"], damaged);
                Assert.Contains("checksum", Refused(Folder["x"]));
            }
        }
    }

    [TestMethod]
    public void BytesThatAreNoMemberAreNamedWithTheLengthToKeep()
    {
        byte[] whole = Gzip.Compress(s_content);
        File.WriteAllBytes(Folder["x"], [.. whole, 0, 0, .. "garbage"u8]);
        string message = Refused(Folder["x"]);
        Assert.Contains($"byte {whole.Length + 2} of the file, after its gzip stream", message);
        Assert.Contains($"keep the first {whole.Length} bytes", message);
    }

    /// <summary>Every reader takes two members, whatever its file is called.</summary>
    [TestMethod]
    public void EveryReaderGoesByTheContent()
    {
        byte[] idx = [0, 0, 8, 1, 0, 0, 0, 3, 7, 8, 9];
        File.WriteAllBytes(Folder["labels"], InMembers(idx));
        CollectionAssert.AreEqual(new byte[] { 7, 8, 9 }, IdxFile.Read(Folder["labels"], rank: 1).Elements.ToArray());

        byte[] nifti = NiftiFiles.Create(VoxelType.Int16, bigEndian: false);
        float[] expected = [.. Enumerable.Range(0, 24).Select(NiftiFiles.Stored)], values = new float[24];
        foreach ((string name, byte[] file) in
            new[] { ("v.nii", InMembers(nifti)), ("plain.nii.gz", nifti), ("v.img", InMembers(nifti)) })
        {
            File.WriteAllBytes(Folder[name], file);
            new VolumeFile(new Shape(1, 2, 3, 4, 1), VoxelType.UInt8).Read(Folder[name], values);
            CollectionAssert.AreEqual(expected, values, name);
        }

        File.WriteAllText(
            Folder["batches.meta.txt"], string.Concat(Enumerable.Range(0, 10).Select(i => $"class {i}\n")));
        File.WriteAllBytes(Folder["test_batch.bin"], InMembers([3, .. new byte[3072]]));
        Assert.AreEqual(3, CifarDataset.OpenCifar10(Folder.Path, DatasetSplit.Test).Label(0));
    }

    [TestMethod]
    public void TheChecksumIsThatOfTheStandard()
    {
        Assert.AreEqual(0xCBF43926u, Crc32.Append(0, "123456789"u8));
        Assert.AreEqual(0xCBF43926u, Crc32.Append(Crc32.Append(0, "1234"u8), "56789"u8));
    }

    private static byte[] InMembers(byte[] content) =>
        [.. Gzip.Compress(content.AsSpan(0, 5)), .. Gzip.Compress(content.AsSpan(5))];

    // Sets flags of the header and puts fields behind it.
    private static byte[] WithHeader(byte flags, ReadOnlySpan<byte> fields)
    {
        byte[] plain = Gzip.Compress(s_content);
        plain[3] = flags;
        return [.. plain[..10], .. fields, .. plain[10..]];
    }

    private static byte[] ReadAll(string path)
    {
        using Stream content = DataContent.Open(path);
        using MemoryStream all = new();
        content.CopyTo(all);
        return all.ToArray();
    }

    private static string Refused(string path)
    {
        string message = Assert.ThrowsExactly<DataFileException>(() => ReadAll(path)).Message;
        Assert.StartsWith(path, message);
        return message;
    }
}
