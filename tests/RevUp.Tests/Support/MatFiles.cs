using System.Buffers.Binary;
using System.IO.Compression;

namespace RevUp.Tests.Support;

/// <summary>MATLAB files of level 5, as ImageNet's devkit has one.</summary>
internal static class MatFiles
{
    /// <summary>The struct array 'synsets', compressed as MATLAB writes it.</summary>
    public static byte[] Synsets(params (string Id, string WordNet)[] synsets)
    {
        const int FieldLength = 32;
        byte[] names = [.. new[] { "ILSVRC2012_ID", "WNID" }.SelectMany(
            name => Encoding.ASCII.GetBytes(name.PadRight(FieldLength, '\0')))];
        byte[] body =
        [
            .. Element(6, [2, 0, 0, 0, 0, 0, 0, 0]), .. Element(5, [.. Number(synsets.Length), .. Number(1)]),
            .. Element(1, "synsets"u8),
            .. Element(5, Number(FieldLength)), .. Element(1, names),
            .. synsets.SelectMany(synset => (byte[])[.. Scalar(ushort.Parse(synset.Id)), .. Text(synset.WordNet)]),
        ];
        using MemoryStream compressed = new();
        using (ZLibStream zlib = new(compressed, CompressionLevel.Optimal, leaveOpen: true))
        {
            zlib.Write(Element(14, body));
        }
        byte[] header = new byte[128];
        Encoding.ASCII.GetBytes("MATLAB 5.0 MAT-file").CopyTo(header, 0);
        "\0\u0001IM"u8.CopyTo(header.AsSpan(124));
        return [.. header, .. Number(15), .. Number((int)compressed.Length), .. compressed.ToArray()];
    }

    private static byte[] Scalar(ushort value) => Element(
        14,
        [
            .. Element(6, [6, 0, 0, 0, 0, 0, 0, 0]), .. Element(5, [.. Number(1), .. Number(1)]), .. Element(1, []),
            .. Element(4, BitConverter.GetBytes(value)),
        ]);

    private static byte[] Text(string text) => Element(
        14,
        [
            .. Element(6, [4, 0, 0, 0, 0, 0, 0, 0]), .. Element(5, [.. Number(1), .. Number(text.Length)]), .. Element(
                1, []),
            .. Element(4, Encoding.Unicode.GetBytes(text)),
        ]);

    // Up to four bytes are in the tag itself.
    private static byte[] Element(int type, ReadOnlySpan<byte> data) => data.Length is > 0 and <= 4
        ? [.. Number(type | data.Length << 16), .. data, .. new byte[4 - data.Length]]
        : [.. Number(type), .. Number(data.Length), .. data, .. new byte[(8 - data.Length % 8) % 8]];

    private static byte[] Number(int value)
    {
        byte[] bytes = new byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, value);
        return bytes;
    }
}
