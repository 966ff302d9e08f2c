namespace RevUp.Formats;

/// <summary>CRC-32 of RFC 1952, section 8: polynomial EDB88320, eight bytes at a time.</summary>
internal static class Crc32
{
    private const uint Polynomial = 0xEDB88320;
    private const int Slices = 8;
    private const int Bytes = 256;

    private static readonly uint[] s_tables = MakeTables();

    /// <summary>
    /// The checksum of what came before, continued over <paramref name="data"/>; 0 to begin.
    /// </summary>
    public static uint Append(uint checksum, ReadOnlySpan<byte> data)
    {
        ReadOnlySpan<uint> tables = s_tables;
        uint crc = ~checksum;
        for (; data.Length >= Slices; data = data[Slices..])
        {
            ulong next = BinaryPrimitives.ReadUInt64LittleEndian(data) ^ crc;
            crc = 0;
            for (int i = 0; i < Slices; i++, next >>= 8)
            {
                crc ^= tables[(Slices - 1 - i) * Bytes + (byte)next];
            }
        }
        foreach (byte value in data)
        {
            crc = tables[(byte)(crc ^ value)] ^ crc >> 8;
        }
        return ~crc;
    }

    // [slice][byte]: a byte followed by `slice` zeros.
    private static uint[] MakeTables()
    {
        uint[] tables = new uint[Slices * Bytes];
        for (uint value = 0; value < Bytes; value++)
        {
            uint crc = value;
            for (int bit = 0; bit < 8; bit++)
            {
                crc = crc >> 1 ^ ((crc & 1) != 0 ? Polynomial : 0);
            }
            tables[value] = crc;
        }
        for (int i = Bytes; i < tables.Length; i++)
        {
            tables[i] = tables[(byte)tables[i - Bytes]] ^ tables[i - Bytes] >> 8;
        }
        return tables;
    }
}
