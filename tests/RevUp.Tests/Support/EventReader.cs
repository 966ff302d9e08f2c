using System.Buffers.Binary;

namespace RevUp.Tests.Support;

/// <summary>
/// Reads TensorBoard event files: framing, checksums (bit by bit, from the polynomial) and
/// messages.
/// </summary>
internal static class EventReader
{
    /// <summary>
    /// All scalars of a folder's files, in the order in which TensorBoard reads them.
    /// </summary>
    public static List<(long Step, string Tag, float Value)> Scalars(string folder) =>
    [
        .. from path in Files(folder)
           from e in Events(path)
           where e.Has(5)
           from value in e.Message(5).Messages(1)
           where value.Has(2)
           select (e.Integer(2), value.Text(1), value.Single(2)),
    ];

    public static string[] Files(string folder) =>
        [.. Directory.GetFiles(folder, "*tfevents*").Order(StringComparer.Ordinal)];

    /// <summary>
    /// The Event messages of one file; fails when a length or a checksum is wrong.
    /// </summary>
    public static List<ProtobufFields> Events(string path)
    {
        ReadOnlySpan<byte> rest = File.ReadAllBytes(path);
        List<ProtobufFields> events = [];
        while (rest.Length > 0)
        {
            int length = (int)BinaryPrimitives.ReadUInt64LittleEndian(rest);
            AssertCrc(rest[..8], rest[8..]);
            byte[] message = rest.Slice(12, length).ToArray();
            AssertCrc(message, rest[(12 + length)..]);
            events.Add(new ProtobufFields(message));
            rest = rest[(16 + length)..];
        }
        return events;
    }

    /// <summary>
    /// CRC-32C (Castagnoli): reflected polynomial 82F63B78, all ones before and after.
    /// </summary>
    public static uint Crc32C(ReadOnlySpan<byte> data)
    {
        uint crc = uint.MaxValue;
        foreach (byte value in data)
        {
            crc ^= value;
            for (int bit = 0; bit < 8; bit++)
            {
                crc = (crc >> 1) ^ ((crc & 1) * 0x82F63B78);
            }
        }
        return ~crc;
    }

    private static void AssertCrc(ReadOnlySpan<byte> data, ReadOnlySpan<byte> stored)
    {
        uint crc = Crc32C(data);
        Assert.AreEqual(
            ((crc >> 15) | (crc << 17)) + 0xa282ead8,
            BinaryPrimitives.ReadUInt32LittleEndian(stored),
            "masked CRC-32C");
    }
}
