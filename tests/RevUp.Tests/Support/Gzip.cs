using System.IO.Compression;

namespace RevUp.Tests.Support;

/// <summary>Bytes in gzip.</summary>
internal static class Gzip
{
    public static byte[] Compress(ReadOnlySpan<byte> content)
    {
        using MemoryStream buffer = new();
        using (GZipStream gzip = new(buffer, CompressionLevel.Optimal))
        {
            gzip.Write(content);
        }
        return buffer.ToArray();
    }
}
