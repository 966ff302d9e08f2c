using System.Formats.Tar;

namespace RevUp.Data.Images;

/// <summary>
/// Lists the members of a shard, in its order. Members of a shard inside it have the inner shard's
/// name as a folder.
/// </summary>
internal static class TarEntries
{
    // Of the file format (POSIX.1-1988 ustar): blocks, and where a header has the type and the size
    // of its member, in octal.
    private const int BlockBytes = 512;
    private const int TypeAt = 156;
    private const int SizeAt = 124;
    private const int SizeLength = 12;
    private const int ChecksumAt = 148;
    private const int ChecksumLength = 8;

    // A long name, or a handful of attributes.
    private const long MaximumExtensionBytes = 1 << 20;

    /// <summary>Lists a shard.</summary>
    /// <param name="path">Of the shard, for messages.</param>
    /// <param name="file">The shard, open.</param>
    /// <param name="findings">Where bytes behind its end are noted.</param>
    /// <exception cref="DataFileException">It is damaged or cut.</exception>
    public static List<TarMember> Read(string path, FileStream file, DataFindings findings)
    {
        List<TarMember> members = [];
        try
        {
            Read(path, file, start: 0, file.Length, file, "", members, findings);
            return members;
        }
        catch (Exception exception) when (IsDamage(exception))
        {
            throw new DataFileException(
                path, $"the shard is damaged or cut ({exception.Message}) Fetch it again.", exception);
        }
    }

    // `content` is the part of the file from `start` to `end`: the whole, or a shard that is a
    // member.
    private static void Read(
        string path,
        FileStream file,
        long start,
        long end,
        Stream content,
        string folder,
        List<TarMember> members,
        DataFindings findings)
    {
        using TarReader reader = new(content, leaveOpen: true);
        long next = start;
        while (Next(reader, file, path, next, end) is { } entry)
        {
            long offset = start + Math.Max(entry.DataOffset, 0);
            DataFileException.Require(
                entry.Length <= end - offset, path, end,
                $"the shard ends inside its member {entry.Name}; it is cut, fetch it again.");
            next = EndOf(offset, entry.Length);
            string name = folder + (
                entry.Name.StartsWith("./", StringComparison.Ordinal) ? entry.Name[2..] : entry.Name);
            if (entry.DataStream is { } inner && folder.Length == 0 && ShardFile.IsPlainShard(name))
            {
                Read(
                    path,
                    file,
                    offset,
                    offset + entry.Length,
                    inner,
                    name[..^ShardFile.Extension.Length] + "/",
                    members,
                    findings);
            }
            else
            {
                members.Add(new TarMember(name, offset, entry.Length, entry.EntryType, Target(entry, folder)));
            }
        }
        long behind = FirstOther(file, next, end);
        if (behind < end)
        {
            findings.AddProblem(
                "bytes behind the end of a shard, such as a second one appended; unpack and pack again",
                $"{path}, from byte {behind} on");
        }
    }

    // A hard link names a member from the shard's root, a symbolic link from its own folder.
    private static string Target(TarEntry entry, string folder) =>
        entry.EntryType == TarEntryType.HardLink ? folder + entry.LinkName : entry.LinkName;

    private static long FirstOther(FileStream file, long start, long end)
    {
        byte[] block = new byte[1 << 16];
        for (long at = start; at < end;)
        {
            int read = RandomAccess.Read(
                file.SafeFileHandle, block.AsSpan(0, (int)Math.Min(block.Length, end - at)), at);
            int other = block.AsSpan(0, read).IndexOfAnyExcept((byte)0);
            if (other >= 0 || read == 0)
            {
                return read == 0 ? end : at + other;
            }
            at += read;
        }
        return end;
    }

    // The reader takes memory for a whole extended header at once, up to 2 GiB, before it has seen
    // its bytes; it takes a missing end for the end, and does not compare checksums. So what comes
    // at `position` is looked at first.
    private static TarEntry? Next(TarReader reader, FileStream file, string path, long position, long end)
    {
        Span<byte> header = stackalloc byte[BlockBytes];
        while (true)
        {
            DataFileException.Require(
                position + BlockBytes <= end && RandomAccess.Read(file.SafeFileHandle, header, position) == BlockBytes,
                path, end,
                $"the shard ends without the empty blocks of its end; it is cut, fetch it again.");
            DataFileException.Require(
                !header.ContainsAnyExcept((byte)0) || HasChecksum(header), path, position,
                $"the header here does not have the checksum that it states; the shard is damaged, fetch it again.");
            if ((char)header[TypeAt] is not ('x' or 'g' or 'L' or 'K'))
            {
                return reader.GetNextEntry();
            }
            long size = ReadOctal(header.Slice(SizeAt, SizeLength));
            if (size > MaximumExtensionBytes)
            {
                string limit = $"an extended header is larger than the {MaximumExtensionBytes} bytes that are read";
                throw new DataFileException(path, position, $"{limit}; the shard is damaged, fetch it again.");
            }
            position = EndOf(position + BlockBytes, size);
        }
    }

    // The sum of all bytes; the checksum's own count as spaces.
    private static bool HasChecksum(ReadOnlySpan<byte> header)
    {
        ReadOnlySpan<byte> field = header.Slice(ChecksumAt, ChecksumLength);
        long sum = ChecksumLength * ' ';
        foreach (byte value in header)
        {
            sum += value;
        }
        foreach (byte value in field)
        {
            sum -= value;
        }
        return sum == ReadOctal(field);
    }

    // Octal digits; a number with the first bit set is binary, for what octal is too short for. The
    // reader objects to anything else.
    private static long ReadOctal(ReadOnlySpan<byte> field)
    {
        long number = (field[0] & 0x80) != 0 ? long.MaxValue : 0;
        foreach (byte character in field.TrimStart((byte)' '))
        {
            if (number > MaximumExtensionBytes || character is not (>= (byte)'0' and <= (byte)'7'))
            {
                break;
            }
            number = number * 8 + (character - '0');
        }
        return number;
    }

    private static long EndOf(long start, long length) => start + (length + BlockBytes - 1) / BlockBytes * BlockBytes;

    private static bool IsDamage(Exception exception) =>
        exception is EndOfStreamException or InvalidDataException or FormatException or ArgumentException
            or OverflowException;
}
