using System.IO.Compression;

namespace RevUp.Data.Preparation;

/// <summary>Reads MATLAB files of level 5 as far as tables of numbers and texts need it.</summary>
/// <remarks>
/// Source: MAT-File Format, The MathWorks, version 5. Little-endian, as all of today's.
/// </remarks>
internal static class MatElements
{
    private const int FileHeader = 128;
    private const int TagLength = 8;
    private const int Matrix = 14;
    private const int Compressed = 15;
    private const int StructClass = 2;
    private const int CharClass = 4;
    private const int MaximumBytes = 1 << 26;

    /// <summary>
    /// The rows of the first struct array of a file: a text for each field that is a text or a
    /// number.
    /// </summary>
    /// <exception cref="FormatException">The file is damaged, or has no struct array.</exception>
    public static List<Dictionary<string, string>> ReadTable(byte[] file)
    {
        try
        {
            ReadOnlySpan<byte> rest = file.AsSpan(FileHeader);
            while (rest.Length >= TagLength)
            {
                Element element = Next(rest);
                rest = element.Rest;
                element = element.Type == Compressed ? Next(Unfold(element.Data)) : element;
                if (element.Type == Matrix && Rows(element.Data) is { } rows)
                {
                    return rows;
                }
            }
        }
        catch (Exception exception) when (
            exception is ArgumentException or InvalidDataException or ArithmeticException or IndexOutOfRangeException)
        {
            throw new FormatException("the MATLAB file is damaged", exception);
        }
        throw new FormatException("the MATLAB file has no struct array");
    }

    // Flags, dimensions, name, length of field names, field names, and a matrix for each field of
    // each row.
    private static List<Dictionary<string, string>>? Rows(ReadOnlySpan<byte> matrix)
    {
        Element flags = Next(matrix);
        if (flags.Data[0] != StructClass)
        {
            return null;
        }
        Element dimensions = Next(flags.Rest), name = Next(dimensions.Rest), width = Next(name.Rest), names = Next(
            width.Rest);
        int rows = Int32(dimensions.Data) * Int32(dimensions.Data[4..]), length = Int32(width.Data);
        string[] fields = new string[names.Data.Length / length];
        for (int i = 0; i < fields.Length; i++)
        {
            fields[i] = Encoding.ASCII.GetString(names.Data.Slice(i * length, length)).TrimEnd('\0');
        }
        if (fields.Length == 0)
        {
            return null;
        }
        List<Dictionary<string, string>> table = [];
        ReadOnlySpan<byte> rest = names.Rest;
        for (int row = 0; row < rows; row++)
        {
            Dictionary<string, string> values = [];
            foreach (string field in fields)
            {
                Element cell = Next(rest);
                rest = cell.Rest;
                values[field] = Value(cell.Data);
            }
            table.Add(values);
        }
        return table;
    }

    private static string Value(ReadOnlySpan<byte> matrix)
    {
        if (matrix.Length == 0)
        {
            return "";
        }
        Element flags = Next(matrix), dimensions = Next(flags.Rest), name = Next(dimensions.Rest);
        if (name.Rest.Length == 0 || Int32(dimensions.Data) == 0 || flags.Data[0] is StructClass or 1)
        {
            return "";
        }
        Element data = Next(name.Rest);
        return flags.Data[0] == CharClass ? Text(data) : FormattableString.Invariant($"{Number(data)}");
    }

    private static string Text(Element data) => data.Type switch
    {
        4 or 17 => Encoding.Unicode.GetString(data.Data),
        _ => Encoding.UTF8.GetString(data.Data),
    };

    private static double Number(Element data) => data.Type switch
    {
        1 => (sbyte)data.Data[0],
        2 => data.Data[0],
        3 => BinaryPrimitives.ReadInt16LittleEndian(data.Data),
        4 => BinaryPrimitives.ReadUInt16LittleEndian(data.Data),
        5 => Int32(data.Data),
        6 => BinaryPrimitives.ReadUInt32LittleEndian(data.Data),
        7 => BinaryPrimitives.ReadSingleLittleEndian(data.Data),
        _ => BinaryPrimitives.ReadDoubleLittleEndian(data.Data),
    };

    // A tag of type and length, or both in four bytes where the data is no longer than four.
    private static Element Next(ReadOnlySpan<byte> bytes)
    {
        int type = Int32(bytes), length = type >> 16;
        if (length != 0)
        {
            return new Element(type & 0xFFFF, bytes.Slice(4, length), bytes[TagLength..]);
        }
        length = Int32(bytes[4..]);
        int padded = type == Compressed ? length : (length + 7) / 8 * 8;
        return new Element(type, bytes.Slice(TagLength, length), bytes[Math.Min(TagLength + padded, bytes.Length)..]);
    }

    private static byte[] Unfold(ReadOnlySpan<byte> data)
    {
        using ZLibStream zlib = new(new MemoryStream(data.ToArray()), CompressionMode.Decompress);
        byte[] bytes = new byte[Math.Min(MaximumBytes, 1000L * data.Length)];
        return bytes[..zlib.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false)];
    }

    private static int Int32(ReadOnlySpan<byte> bytes) => BinaryPrimitives.ReadInt32LittleEndian(bytes);

    private readonly ref struct Element(int type, ReadOnlySpan<byte> data, ReadOnlySpan<byte> rest)
    {
        public int Type { get; } = type;

        public ReadOnlySpan<byte> Data { get; } = data;

        public ReadOnlySpan<byte> Rest { get; } = rest;
    }
}
