namespace RevUp.Data;

/// <summary>Opens data files, compressed or not: the content decides, never the name.</summary>
internal static class DataContent
{
    private const int LongestMagic = 10;

    // Compressions that are not read, by their first bytes.
    private static readonly (byte[] Magic, string Name, string Command)[] s_others =
    [
        ([.. "BZh9"u8, 0x31, 0x41, 0x59, 0x26, 0x53, 0x59], "bzip2", "bzip2 -d"),
        ([0xFD, .. "7zXZ"u8, 0], "xz", "xz -d"),
        ([0x28, 0xB5, 0x2F, 0xFD], "zstd", "zstd -d"),
        ([.. "PK"u8, 3, 4], "zip", "unzip"),
        ([.. "7z"u8, 0xBC, 0xAF, 0x27, 0x1C], "7-zip", "7z x"),
        ([.. "Rar!"u8, 0x1A, 7], "RAR", "unrar x"),
    ];

    private static ReadOnlySpan<byte> GzipMagic => [0x1F, 0x8B];

    /// <summary>The content of a file from its start, without its compression.</summary>
    /// <exception cref="IOException">The file cannot be opened.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read.</exception>
    /// <exception cref="DataFileException">It has a compression other than gzip.</exception>
    public static Stream Open(string path)
    {
        FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
        try
        {
            Span<byte> start = stackalloc byte[LongestMagic];
            start = Start(file, start);
            if (IsGzip(start))
            {
                return new GzipContent(path, file);
            }
            foreach ((byte[] magic, string name, string command) in s_others)
            {
                DataFileException.Require(
                    !start.StartsWith(magic), path,
                    $"it is compressed with {name}, which is not read; unpack it with '{command}'.");
            }
            return file;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Whether the file at <paramref name="path"/> is compressed; false when it cannot be opened.
    /// </summary>
    public static bool IsGzip(string path)
    {
        try
        {
            using FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
            return IsGzip(Start(file, stackalloc byte[LongestMagic]));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static bool IsGzip(ReadOnlySpan<byte> start) => start.StartsWith(GzipMagic);

    // The first bytes of a file, which stays at its start.
    private static Span<byte> Start(FileStream file, Span<byte> bytes)
    {
        int read = file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
        file.Position = 0;
        return bytes[..read];
    }
}
