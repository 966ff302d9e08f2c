using System.Text;

namespace RevUp.Interop.Posix;

/// <summary>
/// Names of files that are not UTF-8, as strings: a byte that is no part of a character is the lone
/// surrogate U+DC00 + byte, as in Python's "surrogateescape".
/// </summary>
internal static class RawName
{
    private const int Escape = 0xDC00;

    /// <summary>
    /// Whether a name has such bytes, so that only <see cref="RawFiles"/> can open it.
    /// </summary>
    public static bool IsRaw(string name)
    {
        for (int i = 0; i < name.Length; i++)
        {
            if (char.IsHighSurrogate(name[i]))
            {
                i++;
            }
            else if (name[i] is >= '\uDC80' and <= '\uDCFF')
            {
                return true;
            }
        }
        return false;
    }

    /// <summary>The string that stands for the bytes.</summary>
    public static string Decode(ReadOnlySpan<byte> bytes)
    {
        StringBuilder name = new(bytes.Length);
        while (bytes.Length > 0)
        {
            if (Rune.DecodeFromUtf8(bytes, out Rune rune, out int length) == System.Buffers.OperationStatus.Done)
            {
                name.Append(rune.ToString());
            }
            else
            {
                length = 1;
                name.Append((char)(Escape + bytes[0]));
            }
            bytes = bytes[length..];
        }
        return name.ToString();
    }

    /// <summary>The bytes, and a zero at their end.</summary>
    internal static byte[] Encode(string name)
    {
        List<byte> bytes = new(name.Length + 1);
        Span<byte> encoded = stackalloc byte[4];
        ReadOnlySpan<char> rest = name;
        while (rest.Length > 0)
        {
            if (Rune.DecodeFromUtf16(rest, out Rune rune, out int length) == System.Buffers.OperationStatus.Done)
            {
                bytes.AddRange(encoded[..rune.EncodeToUtf8(encoded)]);
            }
            else
            {
                length = 1;
                bytes.Add((byte)(rest[0] - Escape));
            }
            rest = rest[length..];
        }
        bytes.Add(0);
        return [.. bytes];
    }
}
