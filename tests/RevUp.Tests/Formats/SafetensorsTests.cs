using System.Buffers.Binary;

namespace RevUp.Tests.Formats;

[TestClass]
public sealed class SafetensorsTests : FolderTest
{
    // Written by hand from the format's description: length 136, the header padded with one space,
    // 8 + 3 + 0 bytes of data.
    private const string GoldenHeader =
        """{"__metadata__":{"step":"3"},"a":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]},"b":"""
        + """{"dtype":"U8","shape":[3],"data_offsets":[8,11]}}""";

    private static readonly byte[] GoldenData = [0, 0, 0x80, 0x3F, 0, 0, 0, 0xC0, 1, 2, 255];

    [TestMethod]
    public void TheBytesAreThoseOfTheFormat()
    {
        using (var writer = new SafetensorsWriter(
            Folder["x"], [new("a", SafetensorsType.F32, 1, 2), new("b", SafetensorsType.U8, 3)],
            new Dictionary<string, string> { ["step"] = "3" }))
        {
            writer.Write<float>("a", [1, -2]);
            writer.Write<byte>("b", [1, 2, 255]);
            writer.Complete();
        }

        CollectionAssert.AreEqual(Golden(GoldenHeader, GoldenData), File.ReadAllBytes(Folder["x"]));
    }

    [TestMethod]
    public void HandMadeBytesAreRead()
    {
        File.WriteAllBytes(Folder["x"], Golden(GoldenHeader, GoldenData));
        using var reader = new SafetensorsReader(Folder["x"]);
        var a = new float[2];
        var b = new byte[3];
        reader.Read<float>("a", a);
        reader.Read<byte>("b", b);
        CollectionAssert.AreEqual(new[] { 1f, -2f }, a);
        CollectionAssert.AreEqual(new byte[] { 1, 2, 255 }, b);
        CollectionAssert.AreEqual(new long[] { 1, 2 }, reader.Find("a")!.Shape.ToArray());
        Assert.IsNull(reader.Find("c"));
        Assert.AreEqual("3", reader.Metadata["step"]);
    }

    [TestMethod]
    public void EveryTypeScalarsAndEmptyTensorsSurviveARoundTripInParts()
    {
        SafetensorsTensor[] tensors =
        [
            new("empty", SafetensorsType.F32, 4, 0), new("double", SafetensorsType.F64),
            new("long", SafetensorsType.I64, 2),
            new("bf16", SafetensorsType.BF16, 2, 1), new("Gewicht \"ü\"/層", SafetensorsType.F32, 5),
            new("nothing", SafetensorsType.U8, 0),
        ];
        using (var writer = new SafetensorsWriter(Folder["x"], tensors))
        {
            writer.Write<double>("double", [Math.PI]);
            writer.Write<long>("long", [long.MinValue, 7]);
            writer.Write<ushort>("bf16", [0x3F80, 0xFFFF]);
            writer.Write<float>("Gewicht \"ü\"/層", [1, 2]);
            writer.Write<float>("Gewicht \"ü\"/層", [3, 4, float.NaN]);
            writer.Complete();
        }

        using var reader = new SafetensorsReader(Folder["x"]);
        CollectionAssert.AreEquivalent(
            tensors.Select(tensor => tensor.Name).ToArray(), reader.Tensors.Select(tensor => tensor.Name).ToArray());
        Assert.AreEqual(Math.PI, Read<double>(reader, "double", 1)[0]);
        CollectionAssert.AreEqual(new[] { long.MinValue, 7 }, Read<long>(reader, "long", 2));
        CollectionAssert.AreEqual(new ushort[] { 0x3F80, 0xFFFF }, Read<ushort>(reader, "bf16", 2));
        CollectionAssert.AreEqual(new[] { 1, 2, 3, 4, float.NaN }, Read<float>(reader, "Gewicht \"ü\"/層", 5));
        Assert.IsEmpty(Read<float>(reader, "empty", 0));
    }

    [TestMethod]
    public void TruncationAtEveryByteIsFound()
    {
        byte[] whole = Golden(GoldenHeader, GoldenData);
        for (int length = 0; length < whole.Length; length++)
        {
            File.WriteAllBytes(Folder["x"], whole[..length]);
            Assert.StartsWith(Folder["x"], Refused(Folder["x"], $"cut to {length}").Message);
        }

        File.WriteAllBytes(Folder["x"], [.. whole, 0]);
        Assert.Contains("the tensors end at byte 11 of the data, and the file has 12", Refused(Folder["x"]).Message);
    }

    [TestMethod]
    public void ABitFlipOfTheHeaderIsFoundUnlessItOnlyRenames()
    {
        byte[] whole = Golden(GoldenHeader, GoldenData);
        for (int bit = 0; bit < (whole.Length - GoldenData.Length) * 8; bit++)
        {
            byte[] damaged = [.. whole];
            damaged[bit / 8] ^= (byte)(1 << bit % 8);
            File.WriteAllBytes(Folder["x"], damaged);
            try
            {
                using var reader = new SafetensorsReader(Folder["x"]);
                bool renamed = reader.Find("a") is null || reader.Find("b") is null
                    || reader.Metadata.GetValueOrDefault("step") != "3";
                Assert.IsTrue(renamed, $"bit {bit} flipped and nothing changed");
            }
            catch (CheckpointException)
            {
            }
        }
    }

    [TestMethod]
    [DataRow(
        """{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"a":"""
            + """{"dtype":"U8","shape":[3],"data_offsets":[8,11]}}""",
        "tensor 'a' appears twice")]
    [DataRow(
        """{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":"""
            + """{"dtype":"U8","shape":[4],"data_offsets":[7,11]}}""",
        "tensor 'b' begins at byte 7")]
    [DataRow(
        """{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":"""
            + """{"dtype":"U8","shape":[2],"data_offsets":[9,11]}}""",
        "tensor 'b' begins at byte 9")]
    [DataRow("""{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,12]}}""", "tensor 'a' ends at byte 12")]
    [DataRow(
        """{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,11]}}""",
        "tensor 'a' has 11 bytes, and its shape [2] of F32 takes 8")]
    [DataRow(
        """{"a":{"dtype":"F8_E4M3","shape":[4],"data_offsets":[0,4]}}""",
        "tensor 'a' has the type 'F8_E4M3', expected one of F64, F32")]
    [DataRow("""{"a":{"dtype":"1","shape":[2],"data_offsets":[0,8]}}""", "tensor 'a' has the type '1'")]
    [DataRow("""{"a":{"dtype":"U8","shape":[-11],"data_offsets":[0,11]}}""", "tensor 'a' has -11 in its shape")]
    [DataRow("""{"a":{"dtype":"U8","shape":[1.5],"data_offsets":[0,11]}}""", "tensor 'a' has 1.5 in its shape")]
    [DataRow(
        """{"a":{"dtype":"U8","shape":[4294967296,4294967296],"data_offsets":[0,11]}}""",
        "Tensor 'a' has the shape [4294967296, 4294967296]")]
    [DataRow(
        """{"a":{"dtype":"U8","shape":[11],"data_offsets":[11,0]}}""",
        "tensor 'a' needs two data_offsets in ascending order")]
    [DataRow("""{"a":{"dtype":"U8","data_offsets":[0,11]}}""", "tensor 'a' has no shape")]
    [DataRow("""{"a":{"dtype":"U8","shape":[11],"data_offsets":[0,11],"x":1}}""", "tensor 'a' has the field 'x'")]
    [DataRow("""{"__metadata__":{"step":3}}""", "'step', which is not a text")]
    [DataRow(
        """{"\ud800":{"dtype":"U8","shape":[11],"data_offsets":[0,11]}}""", "not the JSON that the format demands")]
    [DataRow("""[1]""", "not the JSON that the format demands")]
    [DataRow("""{}""", "the tensors end at byte 0 of the data, and the file has 11")]
    public void AHeaderThatBreaksARuleIsExplained(string header, string message)
    {
        File.WriteAllBytes(Folder["x"], Golden(header, GoldenData));
        Assert.Contains(message, Refused(Folder["x"]).Message);
    }

    [TestMethod]
    public void AnImpossibleHeaderLengthAllocatesNothing()
    {
        foreach (ulong length in new[] { 20UL, 1UL << 31, ulong.MaxValue })
        {
            byte[] damaged = Golden("{}", []);
            BinaryPrimitives.WriteUInt64LittleEndian(damaged, length);
            File.WriteAllBytes(Folder["x"], damaged);
            Assert.Contains($"the header claims {length} bytes", Refused(Folder["x"]).Message);
        }
    }

    [TestMethod]
    public void ReadingTheWrongTensorIsExplained()
    {
        File.WriteAllBytes(Folder["x"], Golden(GoldenHeader, GoldenData));
        using var reader = new SafetensorsReader(Folder["x"]);
        Assert.Refuses<CheckpointException>(() => Read<float>(reader, "c", 2), "no tensor 'c'");
        Assert.Refuses<CheckpointException>(
            () => Read<float>(reader, "a", 3), "tensor 'a' [1, 2] has 8 bytes, and room for 12");
        Assert.Refuses<ArgumentException>(() => Read<double>(reader, "a", 1), "Tensor 'a' holds F32, not Double");
        Assert.Contains("cannot be opened", Refused(Folder["absent"]).Message);
    }

    [TestMethod]
    public void TheWriterHoldsTheCallerToTheDeclaration()
    {
        using var writer = new SafetensorsWriter(
            Folder["x"], [new("a", SafetensorsType.F32, 2), new("b", SafetensorsType.F32, 1)]);
        AssertMisuse("tensor 'a' is due", () => writer.Write<float>("b", [1]));
        AssertMisuse("declared with 8 bytes, has 0 and was given 12", () => writer.Write<float>("a", [1, 2, 3]));
        Assert.ThrowsExactly<ArgumentException>(() => writer.Write<double>("a", [1]));
        writer.Write<float>("a", [1]);
        AssertMisuse("tensor 'a' is due", () => writer.Write<float>("b", [1]));
        AssertMisuse("tensor 'a' has 4 of its 8 bytes", writer.Complete);
        writer.Write<float>("a", [2]);
        writer.Write<float>("b", [3]);
        AssertMisuse("no other tensor is due", () => writer.Write<float>("c", [1]));
        writer.Complete();
    }

    [TestMethod]
    public void DeclarationsAreChecked()
    {
        Assert.ThrowsExactly<ArgumentException>(() => new SafetensorsTensor("__metadata__", SafetensorsType.F32));
        Assert.ThrowsExactly<ArgumentException>(() => new SafetensorsTensor("", SafetensorsType.F32));
        Assert.ThrowsExactly<ArgumentException>(() => new SafetensorsTensor("a", SafetensorsType.F32, -1));
        Assert.ThrowsExactly<ArgumentException>(
            () => new SafetensorsTensor("a", SafetensorsType.F32, long.MaxValue, long.MaxValue));
        var twice = new SafetensorsTensor("a", SafetensorsType.U8);
        Assert.Refuses<ArgumentException>(
            () => new SafetensorsWriter(Folder["x"], [twice, twice]), "'a' is declared twice");
    }

    private static CheckpointException Refused(string path, string message = "") =>
        Assert.ThrowsExactly<CheckpointException>(() => new SafetensorsReader(path), message);

    private static void AssertMisuse(string message, Action action) =>
        Assert.Refuses<InvalidOperationException>(action, message);

    private static T[] Read<T>(SafetensorsReader reader, string name, int count)
        where T : unmanaged
    {
        var values = new T[count];
        reader.Read<T>(name, values);
        return values;
    }

    private static byte[] Golden(string header, byte[] data)
    {
        byte[] text = Encoding.UTF8.GetBytes(header.PadRight((header.Length + 7) / 8 * 8));
        var length = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(length, text.Length);
        return [.. length, .. text, .. data];
    }
}
