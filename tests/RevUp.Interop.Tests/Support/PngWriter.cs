using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;

namespace RevUp.Interop.Tests.Support;

/// <summary>Colour type of a PNG (ISO/IEC 15948, table 11.1).</summary>
internal enum PngColor
{
    Grey = 0,
    Rgb = 2,
    Palette = 3,
    GreyAlpha = 4,
    Rgba = 6,
}

/// <summary>Writes PNGs of every kind from the standard's text, without filters.</summary>
internal static class PngWriter
{
    // Adam7: first row, first column, row step, column step of each pass.
    private static readonly int[][] s_passes =
        [[0, 0, 8, 8], [0, 4, 8, 8], [4, 0, 8, 4], [0, 2, 4, 4], [2, 0, 4, 2], [0, 1, 2, 2], [1, 0, 2, 1]];

    internal static int Channels(PngColor color) => color switch
    {
        PngColor.Grey or PngColor.Palette => 1,
        PngColor.GreyAlpha => 2,
        PngColor.Rgb => 3,
        _ => 4,
    };

    /// <summary>A PNG of 8 bits a sample, grey or RGB.</summary>
    internal static byte[] Write(Pixels pixels, bool interlaced = false) =>
        Write(
            Array.ConvertAll(pixels.Data, value => (ushort)value), pixels.Height, pixels.Width,
            pixels.Channels == 1 ? PngColor.Grey : PngColor.Rgb, depth: 8, interlaced);

    /// <summary>
    /// A PNG of [height, width, channels] samples of <paramref name="depth"/> bits; a palette has 3
    /// bytes a colour, and <paramref name="transparency"/> is the content of a tRNS chunk.
    /// </summary>
    internal static byte[] Write(
        ReadOnlySpan<ushort> samples, int height, int width, PngColor color, int depth,
        bool interlaced = false, byte[]? palette = null, byte[]? transparency = null)
    {
        using MemoryStream file = new();
        file.Write([0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A]);
        byte[] header = new byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, width);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4), height);
        header[8] = (byte)depth;
        header[9] = (byte)color;
        header[12] = (byte)(interlaced ? 1 : 0);
        WriteChunk(file, "IHDR", header);
        if (palette is not null)
        {
            WriteChunk(file, "PLTE", palette);
        }

        if (transparency is not null)
        {
            WriteChunk(file, "tRNS", transparency);
        }

        using MemoryStream data = new();
        using (ZLibStream deflate = new(data, CompressionLevel.Fastest, leaveOpen: true))
        {
            foreach (int[] pass in interlaced ? s_passes : [[0, 0, 1, 1]])
            {
                WritePass(deflate, samples, height, width, Channels(color), depth, pass);
            }
        }

        WriteChunk(file, "IDAT", data.ToArray());
        WriteChunk(file, "IEND", []);
        return file.ToArray();
    }

    /// <summary>
    /// Puts the right checksum behind the chunk that starts at <paramref name="start"/>, after a
    /// test has changed its content.
    /// </summary>
    internal static void Seal(Span<byte> file, int start)
    {
        int length = BinaryPrimitives.ReadInt32BigEndian(file[start..]);
        BinaryPrimitives.WriteUInt32BigEndian(
            file[(start + 8 + length)..], Checksum(file.Slice(start + 4, length + 4)));
    }

    /// <summary>The same for every chunk, as far as their lengths lead to another.</summary>
    internal static void SealAll(Span<byte> file)
    {
        for (long start = 8; start + 12 <= file.Length;)
        {
            long next = start + 12 + BinaryPrimitives.ReadUInt32BigEndian(file[(int)start..]);
            if (next <= file.Length)
            {
                Seal(file, (int)start);
            }

            start = next;
        }
    }

    private static void WritePass(
        Stream stream, ReadOnlySpan<ushort> samples, int height, int width, int channels, int depth, int[] pass)
    {
        int columns = (width - pass[1] + pass[3] - 1) / pass[3];
        for (int y = pass[0]; y < height && columns > 0; y += pass[2])
        {
            byte[] row = new byte[1 + (((columns * channels * depth) + 7) / 8)];
            int bit = 8;
            for (int x = pass[1]; x < width; x += pass[3])
            {
                for (int c = 0; c < channels; c++, bit += depth)
                {
                    int sample = samples[(((y * width) + x) * channels) + c];
                    if (depth == 16)
                    {
                        BinaryPrimitives.WriteUInt16BigEndian(row.AsSpan(bit / 8), (ushort)sample);
                    }
                    else
                    {
                        row[bit / 8] |= (byte)(sample << (8 - depth - (bit % 8)));
                    }
                }
            }

            stream.Write(row);
        }
    }

    private static void WriteChunk(Stream stream, string type, byte[] content)
    {
        byte[] chunk = new byte[12 + content.Length];
        BinaryPrimitives.WriteInt32BigEndian(chunk, content.Length);
        Encoding.ASCII.GetBytes(type, chunk.AsSpan(4));
        content.CopyTo(chunk, 8);
        Seal(chunk, 0);
        stream.Write(chunk);
    }

    // CRC-32 of ISO/IEC 15948, annex D, bit by bit.
    private static uint Checksum(ReadOnlySpan<byte> bytes)
    {
        uint crc = uint.MaxValue;
        foreach (byte value in bytes)
        {
            crc ^= value;
            for (int bit = 0; bit < 8; bit++)
            {
                crc = (crc >> 1) ^ ((crc & 1) * 0xEDB88320);
            }
        }

        return ~crc;
    }
}
