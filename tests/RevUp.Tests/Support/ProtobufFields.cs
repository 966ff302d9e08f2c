using System.Buffers.Binary;

namespace RevUp.Tests.Support;

/// <summary>
/// The fields of a Protocol Buffers message, read from its wire format by the published rules;
/// shares no line with the writer that it checks.
/// </summary>
internal sealed class ProtobufFields
{
    private readonly List<(int Number, int Type, ulong Value, byte[] Bytes)> _fields = [];

    public ProtobufFields(byte[] message)
    {
        int at = 0;
        while (at < message.Length)
        {
            ulong key = Varint(message, ref at);
            (int number, int type) = ((int)(key >> 3), (int)(key & 7));
            (ulong value, byte[] bytes) = type switch
            {
                0 => (Varint(message, ref at), []),
                1 => (BinaryPrimitives.ReadUInt64LittleEndian(Take(message, ref at, 8)), []),
                2 => (0UL, Take(message, ref at, (int)Varint(message, ref at))),
                5 => ((ulong)BinaryPrimitives.ReadUInt32LittleEndian(Take(message, ref at, 4)), Array.Empty<byte>()),
                _ => throw new AssertFailedException($"wire type {type} of field {number} does not exist"),
            };
            _fields.Add((number, type, value, bytes));
        }
    }

    public bool Has(int number) => _fields.Exists(field => field.Number == number);

    public long Integer(int number) => (long)Find(number, 0).Value;

    public long[] Integers(int number) =>
        [.. _fields.Where(field => field.Number == number).Select(field => (long)field.Value)];

    public double Double(int number) => BitConverter.UInt64BitsToDouble(Find(number, 1).Value);

    public float Single(int number) => BitConverter.UInt32BitsToSingle((uint)Find(number, 5).Value);

    public byte[] Bytes(int number) => Find(number, 2).Bytes;

    public string Text(int number) => Encoding.UTF8.GetString(Bytes(number));

    public string[] Texts(int number) =>
        [.. _fields.Where(field => field.Number == number).Select(field => Encoding.UTF8.GetString(field.Bytes))];

    public double[] PackedDoubles(int number) =>
        [.. Bytes(number).Chunk(8).Select(bytes => BinaryPrimitives.ReadDoubleLittleEndian(bytes))];

    public ProtobufFields Message(int number) => new(Bytes(number));

    public ProtobufFields[] Messages(int number) =>
        [.. _fields.Where(field => field.Number == number).Select(field => new ProtobufFields(field.Bytes))];

    private (int Number, int Type, ulong Value, byte[] Bytes) Find(int number, int type)
    {
        (int Number, int Type, ulong Value, byte[] Bytes) field = _fields.Single(field => field.Number == number);
        Assert.AreEqual(type, field.Type, $"wire type of field {number}");
        return field;
    }

    private static ulong Varint(byte[] message, ref int at)
    {
        ulong value = 0;
        for (int shift = 0; ; shift += 7)
        {
            byte part = message[at++];
            value |= (ulong)(part & 0x7f) << shift;
            if (part < 0x80)
            {
                return value;
            }
        }
    }

    private static byte[] Take(byte[] message, ref int at, int count)
    {
        at += count;
        return message[(at - count)..at];
    }
}
