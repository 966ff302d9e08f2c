namespace RevUp.Data.Volumes;

/// <summary>Overwrites fields of a NIfTI header in its byte order.</summary>
internal readonly struct NiftiPatch(byte[] bytes, bool isBigEndian)
{
    public void Int16(int at, short value)
    {
        if (isBigEndian)
        {
            BinaryPrimitives.WriteInt16BigEndian(bytes.AsSpan(at), value);
        }
        else
        {
            BinaryPrimitives.WriteInt16LittleEndian(bytes.AsSpan(at), value);
        }
    }

    public void Int64(int at, long value)
    {
        if (isBigEndian)
        {
            BinaryPrimitives.WriteInt64BigEndian(bytes.AsSpan(at), value);
        }
        else
        {
            BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(at), value);
        }
    }

    public void Single(int at, float value)
    {
        if (isBigEndian)
        {
            BinaryPrimitives.WriteSingleBigEndian(bytes.AsSpan(at), value);
        }
        else
        {
            BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan(at), value);
        }
    }

    public void Double(int at, double value) => Int64(at, BitConverter.DoubleToInt64Bits(value));

    public void Clear(int at, int length) => bytes.AsSpan(at, length).Clear();
}
