using System.Buffers.Binary;

namespace RevUp.Tests.Support;

/// <summary>
/// Files of CIFAR's python version, as Python 2 (protocol 2) and Python 3 (protocol 4) write them.
/// </summary>
internal static class CifarPickles
{
    private const int ImageBytes = 3072;

    /// <summary>A byte of an image, planar.</summary>
    public static byte Pixel(int image, int place) => (byte)(image * 17 + place * 5 + place / 1024);

    /// <summary>
    /// A pickle: {"batch_label": "b", labelsKey: [...], "data": array(N, 3072, uint8)}.
    /// </summary>
    public static byte[] Batch(string labelsKey, int[] labels, bool python3)
    {
        byte[] planes = [.. labels.SelectMany((_, image) => Enumerable.Range(0, ImageBytes)
            .Select(i => Pixel(image, i)))];
        return
        [
            0x80, (byte)(python3 ? 4 : 2), .. "}("u8, .. Text("batch_label", python3), .. Text("b", python3),
            .. Text(labelsKey, python3), .. "]("u8, .. labels.SelectMany(label => (byte[])[(byte)'K', (byte)label]),
            (byte)'e',
            .. Text("data", python3), .. Global("numpy.core.multiarray", "_reconstruct", python3), .. Global(
                "numpy", "ndarray", python3),
            .. "K\0\u0085"u8[..2], 0x85, .. Bytes("b"u8, python3), 0x87, (byte)'R', .. "(K\u0001"u8,
            (byte)'K', (byte)labels.Length, (byte)'M', ImageBytes & 255, ImageBytes >> 8, 0x86,
            .. Global("numpy", "dtype", python3), .. Text("u1", python3), .. "K\0K\u0001"u8, 0x87, (byte)'R',
            .. "(K\u0003"u8, .. Text("|", python3), .. "NNNJ"u8, 255, 255, 255, 255, (byte)'J', 255, 255, 255, 255,
            .. "K\0tb"u8,
            0x89, .. Bytes(planes, python3), .. "tbu."u8,
        ];
    }

    /// <summary>A pickle: {key: ["class 0", ...]}.</summary>
    public static byte[] Names(string key, int count, bool python3) =>
    [
        0x80, (byte)(python3 ? 4 : 2), (byte)'}', .. Text(key, python3), .. "]("u8,
        .. Enumerable.Range(0, count).SelectMany(i => Text($"class {i}", python3)), .. "es."u8,
    ];

    private static byte[] Text(string text, bool python3) =>
        [python3 ? (byte)0x8C : (byte)'U', (byte)text.Length, .. Encoding.ASCII.GetBytes(text)];

    private static byte[] Global(string module, string name, bool python3) =>
        python3
            ? [.. Text(module, true), .. Text(name, true), 0x93]
            : [(byte)'c', .. Encoding.ASCII.GetBytes($"{module}\n{name}\n")];

    private static byte[] Bytes(ReadOnlySpan<byte> bytes, bool python3)
    {
        byte[] length = new byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(length, bytes.Length);
        return [python3 ? (byte)'B' : (byte)'T', .. length, .. bytes];
    }
}
