using System.Buffers;
using System.Numerics;

namespace RevUp.Formats;

/// <summary>
/// A message in the wire format of Protocol Buffers, written field by field in the order of the
/// calls: what ONNX and TensorBoard read, without their schemas' generated code. A field is the
/// varint (number · 8 + wire type) and its value.
/// </summary>
/// <remarks>
/// <see cref="Clear"/> keeps the memory: a message that is written again and again allocates
/// nothing. Not thread-safe.
/// </remarks>
internal sealed class ProtobufMessage
{
    private const int MaximumVarint = 10;

    private readonly ArrayBufferWriter<byte> _bytes = new();

    private enum WireType
    {
        Varint = 0,
        Fixed64 = 1,
        Bytes = 2,
        Fixed32 = 5,
    }

    /// <summary>Bytes written since the last <see cref="Clear"/>.</summary>
    public ReadOnlySpan<byte> Bytes => _bytes.WrittenSpan;

    /// <summary>int32, int64, bool or enum.</summary>
    public ProtobufMessage Integer(int field, long value)
    {
        Key(field, WireType.Varint);
        Varint((ulong)value);
        return this;
    }

    /// <summary>float.</summary>
    public ProtobufMessage Single(int field, float value)
    {
        Key(field, WireType.Fixed32);
        BinaryPrimitives.WriteSingleLittleEndian(_bytes.GetSpan(sizeof(float)), value);
        _bytes.Advance(sizeof(float));
        return this;
    }

    /// <summary>double.</summary>
    public ProtobufMessage Double(int field, double value)
    {
        Key(field, WireType.Fixed64);
        RawDouble(value);
        return this;
    }

    /// <summary>repeated double, packed.</summary>
    public ProtobufMessage Doubles(int field, ReadOnlySpan<double> values)
    {
        BeginBytes(field, (long)values.Length * sizeof(double));
        foreach (double value in values)
        {
            RawDouble(value);
        }
        return this;
    }

    /// <summary>repeated int64, unpacked, which every reader must accept.</summary>
    public ProtobufMessage Integers(int field, params ReadOnlySpan<long> values)
    {
        foreach (long value in values)
        {
            Integer(field, value);
        }
        return this;
    }

    /// <summary>string, as UTF-8.</summary>
    public ProtobufMessage Text(int field, string value)
    {
        BeginBytes(field, Encoding.UTF8.GetByteCount(value));
        Encoding.UTF8.GetBytes(value, _bytes);
        return this;
    }

    /// <summary>A message inside this one.</summary>
    public ProtobufMessage Message(int field, ProtobufMessage value)
    {
        BeginBytes(field, value.Bytes.Length);
        _bytes.Write(value.Bytes);
        return this;
    }

    /// <summary>
    /// The head of a string, bytes or message field whose <paramref name="length"/> bytes the
    /// caller writes elsewhere, after these.
    /// </summary>
    public ProtobufMessage BeginBytes(int field, long length)
    {
        Key(field, WireType.Bytes);
        Varint((ulong)length);
        return this;
    }

    /// <summary>Fields that are in the wire format already.</summary>
    public ProtobufMessage Append(ReadOnlySpan<byte> fields)
    {
        _bytes.Write(fields);
        return this;
    }

    /// <summary>Begins again.</summary>
    public ProtobufMessage Clear()
    {
        _bytes.ResetWrittenCount();
        return this;
    }

    /// <summary>Bytes that <see cref="BeginBytes"/> takes.</summary>
    public static int HeadLength(int field, long length) =>
        VarintLength((ulong)field << 3) + VarintLength((ulong)length);

    private static int VarintLength(ulong value) => (BitOperations.Log2(value | 1) / 7) + 1;

    private void Key(int field, WireType type) => Varint(((ulong)field << 3) | (ulong)type);

    private void Varint(ulong value)
    {
        Span<byte> bytes = _bytes.GetSpan(MaximumVarint);
        int length = 0;
        for (; value >= 0x80; value >>= 7)
        {
            bytes[length++] = (byte)(value | 0x80);
        }
        bytes[length++] = (byte)value;
        _bytes.Advance(length);
    }

    private void RawDouble(double value)
    {
        BinaryPrimitives.WriteDoubleLittleEndian(_bytes.GetSpan(sizeof(double)), value);
        _bytes.Advance(sizeof(double));
    }
}
