using System.Buffers.Binary;

namespace RevUp.Interop.Tests.Support;

/// <summary>
/// Takes JPEG files apart by their markers (ITU-T T.81, annex B), to break them in chosen places.
/// </summary>
internal static class JpegSegments
{
    internal const byte Adobe = 0xEE;
    internal const byte QuantizationTables = 0xDB;
    internal const byte Frame = 0xC0;
    internal const byte ProgressiveFrame = 0xC2;
    internal const byte HuffmanTables = 0xC4;
    internal const byte Scan = 0xDA;

    /// <summary>The file without its segments of one kind.</summary>
    internal static byte[] Without(byte[] file, byte marker)
    {
        List<byte> result = [.. file];
        for (int start = Find(result.ToArray(), marker); start >= 0; start = Find(result.ToArray(), marker))
        {
            result.RemoveRange(start, 2 + BinaryPrimitives.ReadUInt16BigEndian(result.ToArray().AsSpan(start + 2)));
        }

        return [.. result];
    }

    /// <summary>The file with one more segment, as its first.</summary>
    internal static byte[] With(byte[] file, byte marker, byte[] content)
    {
        byte[] length = new byte[2];
        BinaryPrimitives.WriteUInt16BigEndian(length, (ushort)(content.Length + 2));
        return [.. file[..2], 0xFF, marker, .. length, .. content, .. file[2..]];
    }

    /// <summary>The file with another size in its frame header.</summary>
    internal static byte[] Resized(byte[] file, int height, int width)
    {
        byte[] result = [.. file];
        int start = Math.Max(Find(file, Frame), Find(file, ProgressiveFrame));
        BinaryPrimitives.WriteUInt16BigEndian(result.AsSpan(start + 5), (ushort)height);
        BinaryPrimitives.WriteUInt16BigEndian(result.AsSpan(start + 7), (ushort)width);
        return result;
    }

    /// <summary>
    /// Where the first segment of one kind before the first scan starts, or that scan; −1 when
    /// there is none.
    /// </summary>
    internal static int Find(byte[] file, byte marker)
    {
        int start = 2;
        while (file[start + 1] != marker && file[start + 1] != Scan)
        {
            start += 2 + BinaryPrimitives.ReadUInt16BigEndian(file.AsSpan(start + 2));
        }

        return file[start + 1] == marker ? start : -1;
    }
}
