using System.IO.Compression;

namespace RevUp.Formats;

/// <summary>
/// Writes greyscale or RGB images of 8 bits, and label maps of 8 or 16, as PNG (ISO/IEC 15948): one
/// IDAT chunk, no filters.
/// </summary>
internal static class PngImage
{
    private const int HeaderBytes = 13;
    private const int ByteBits = 8;
    private const byte Greyscale = 0;
    private const byte Truecolour = 2;

    private static ReadOnlySpan<byte> Signature =>
        [0x89, (byte)'P', (byte)'N', (byte)'G', (byte)'\r', (byte)'\n', 0x1a, (byte)'\n'];

    /// <summary>The image as a data URI.</summary>
    /// <param name="width">In pixels.</param>
    /// <param name="height">In pixels.</param>
    /// <param name="channels">1 or 3.</param>
    /// <param name="pixels">height · width · channels bytes, channels-last.</param>
    public static string DataUri(int width, int height, int channels, ReadOnlySpan<byte> pixels) =>
        "data:image/png;base64," + Convert.ToBase64String(Encode(width, height, channels, pixels));

    /// <summary>The image as the bytes of a file.</summary>
    /// <inheritdoc cref="DataUri"/>
    public static byte[] Encode(int width, int height, int channels, ReadOnlySpan<byte> pixels)
    {
        using MemoryStream png = new();
        Write(png, width, height, ByteBits, channels == 1 ? Greyscale : Truecolour, pixels);
        return png.ToArray();
    }

    /// <summary>
    /// Writes a label map as a greyscale image whose numbers are the labels, whole or not at all: 8
    /// bits where every label fits, or else 16.
    /// </summary>
    /// <param name="path">The file; one that is there is replaced.</param>
    /// <param name="width">In pixels.</param>
    /// <param name="height">In pixels.</param>
    /// <param name="labels">[height, width].</param>
    /// <param name="classes">K; labels are below it.</param>
    /// <exception cref="IOException">It cannot be written.</exception>
    public static void WriteLabels(string path, int width, int height, ReadOnlySpan<ushort> labels, int classes)
    {
        bool isWide = classes > byte.MaxValue + 1;
        byte[] pixels = new byte[labels.Length * (isWide ? sizeof(ushort) : 1)];
        for (int i = 0; i < labels.Length; i++)
        {
            if (isWide)
            {
                BinaryPrimitives.WriteUInt16BigEndian(pixels.AsSpan(sizeof(ushort) * i), labels[i]);
            }
            else
            {
                pixels[i] = checked((byte)labels[i]);
            }
        }
        using WholeFile file = new(path);
        Write(file.Content, width, height, isWide ? 2 * ByteBits : ByteBits, Greyscale, pixels);
        file.Complete();
    }

    private static void Write(
        Stream png, int width, int height, int bits, byte colour, ReadOnlySpan<byte> pixels)
    {
        png.Write(Signature);
        Span<byte> header = stackalloc byte[HeaderBytes];
        header.Clear();
        BinaryPrimitives.WriteInt32BigEndian(header, width);
        BinaryPrimitives.WriteInt32BigEndian(header[4..], height);
        (header[8], header[9]) = ((byte)bits, colour);
        WriteChunk(png, "IHDR"u8, header);
        WriteChunk(png, "IDAT"u8, Compress(pixels, pixels.Length / height));
        WriteChunk(png, "IEND"u8, []);
    }

    private static byte[] Compress(ReadOnlySpan<byte> pixels, int rowBytes)
    {
        using MemoryStream data = new();
        using (ZLibStream zlib = new(data, CompressionLevel.Optimal, leaveOpen: true))
        {
            for (; pixels.Length > 0; pixels = pixels[rowBytes..])
            {
                zlib.WriteByte(0); // each row begins with its filter: none
                zlib.Write(pixels[..rowBytes]);
            }
        }
        return data.ToArray();
    }

    private static void WriteChunk(Stream png, ReadOnlySpan<byte> type, ReadOnlySpan<byte> data)
    {
        Span<byte> number = stackalloc byte[sizeof(uint)];
        BinaryPrimitives.WriteUInt32BigEndian(number, (uint)data.Length);
        png.Write(number);
        png.Write(type);
        png.Write(data);
        BinaryPrimitives.WriteUInt32BigEndian(number, Crc32.Append(Crc32.Append(0, type), data));
        png.Write(number);
    }
}
