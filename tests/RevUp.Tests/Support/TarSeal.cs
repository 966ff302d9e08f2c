namespace RevUp.Tests.Support;

/// <summary>Right checksums for the headers of a tar file.</summary>
internal static class TarSeal
{
    private const int Block = 512;
    private const int Checksum = 148;
    private const int Magic = 257;

    /// <summary>
    /// Recomputes the checksum of every block that looks like a header: six octal digits, a zero
    /// and a space (POSIX.1-1988 ustar).
    /// </summary>
    public static void SealAll(byte[] file)
    {
        for (int start = 0; start + Block <= file.Length; start += Block)
        {
            Span<byte> header = file.AsSpan(start, Block);
            if (!header[Magic..].StartsWith("ustar"u8))
            {
                continue;
            }
            header.Slice(Checksum, 8).Fill((byte)' ');
            int sum = 0;
            foreach (byte value in header)
            {
                sum += value;
            }
            for (int digit = 5; digit >= 0; digit--, sum >>= 3)
            {
                header[Checksum + digit] = (byte)('0' + (sum & 7));
            }
            header[Checksum + 6] = 0;
        }
    }
}
