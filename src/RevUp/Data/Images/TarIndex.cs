using System.Formats.Tar;
using System.Globalization;
using System.Text;

namespace RevUp.Data.Images;

/// <summary>Lists the images of a shard.</summary>
internal static class TarIndex
{
    private const int MaximumLabelBytes = 20;

    // Of the file format (POSIX.1-1988 ustar): blocks, and where a header has the type and the size of its member, in octal.
    private const int BlockBytes = 512;
    private const int TypeAt = 156;
    private const int SizeAt = 124;
    private const int SizeLength = 12;
    private const int ChecksumAt = 148;
    private const int ChecksumLength = 8;

    // A long name, or a handful of attributes.
    private const long MaximumExtensionBytes = 1 << 20;

    private static readonly string[] s_images = [".jpg", ".jpeg", ".png"];

    /// <summary>Adds the images of a shard, in its order. Members of one key, up to the first dot, are one sample and follow each other.</summary>
    /// <param name="path">The shard.</param>
    /// <param name="shard">Its number.</param>
    /// <param name="classes">The names of the labels in .cls members; null when the labels are the names.</param>
    /// <param name="members">Where they are added.</param>
    /// <exception cref="DataFileException">The shard is damaged, or an image has no class.</exception>
    public static void Read(string path, int shard, string[]? classes, List<TarMember> members)
    {
        try
        {
            using FileStream file = File.OpenRead(path);
            using TarReader reader = new(file);
            Sample sample = default;
            long next = 0;
            while (Next(reader, file, path, next) is { } entry)
            {
                if (entry.Length > file.Length - entry.DataOffset)
                {
                    throw new DataFileException(path, file.Length, $"the shard ends inside its member {entry.Name}; it is cut, fetch it again.");
                }
                next = EndOf(entry.DataOffset, entry.Length);
                if (entry.EntryType is not (TarEntryType.RegularFile or TarEntryType.V7RegularFile))
                {
                    continue;
                }
                string key = KeyOf(entry.Name), extension = Path.GetExtension(entry.Name).ToLowerInvariant();
                if (key != sample.Key)
                {
                    Add(sample, path, shard, members);
                    sample = new Sample(key, null, null);
                }
                if (s_images.Contains(extension))
                {
                    sample = sample with { Image = entry };
                }
                else if (extension == ".cls")
                {
                    sample = sample with { Class = ReadClass(path, entry, classes) };
                }
            }
            Add(sample, path, shard, members);
        }
        catch (Exception exception) when (IsDamage(exception))
        {
            throw new DataFileException(path, $"the shard is damaged or cut ({exception.Message}) Fetch it again.", exception);
        }
        catch (Exception exception) when (exception is UnauthorizedAccessException or (IOException and not DataFileException))
        {
            throw new DataFileException(path, $"the shard cannot be read ({exception.Message}) Check the file and its permissions.", exception);
        }
    }

    // The reader takes memory for a whole extended header at once, up to 2 GiB, before it has seen its bytes; it takes a missing end for the end, and does not
    // compare checksums. So what comes at `position` is looked at first.
    private static TarEntry? Next(TarReader reader, FileStream file, string path, long position)
    {
        Span<byte> header = stackalloc byte[BlockBytes];
        while (true)
        {
            if (RandomAccess.Read(file.SafeFileHandle, header, position) < BlockBytes)
            {
                throw new DataFileException(path, file.Length, "the shard ends without the empty blocks of its end; it is cut, fetch it again.");
            }
            if (header.ContainsAnyExcept((byte)0) && !HasChecksum(header))
            {
                throw new DataFileException(path, position, "the header here does not have the checksum that it states; the shard is damaged, fetch it again.");
            }
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

    // The sum of all bytes, those of the checksum itself as spaces.
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

    // Octal digits; a number with the first bit set is binary, for what octal is too short for. The reader objects to anything else.
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
        exception is EndOfStreamException or InvalidDataException or FormatException or ArgumentException or OverflowException;

    private static void Add(in Sample sample, string path, int shard, List<TarMember> members)
    {
        if (sample.Image is not { } image)
        {
            return;
        }
        string name = sample.Class ?? Path.GetFileName(Path.GetDirectoryName(image.Name) ?? "");
        members.Add(name.Length > 0
            ? new TarMember(shard, image.DataOffset, image.Length, image.Name, name)
            : throw new DataFileException(path, image.DataOffset, $"the image {image.Name} has no class: neither {sample.Key}.cls nor a folder in its name."));
    }

    private static string KeyOf(string name)
    {
        int file = name.LastIndexOf('/') + 1, dot = name.IndexOf('.', file);
        return dot < 0 ? name : name[..dot];
    }

    private static string ReadClass(string path, TarEntry entry, string[]? classes)
    {
        Span<byte> bytes = stackalloc byte[MaximumLabelBytes];
        int length = entry.DataStream?.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false) ?? 0;
        string text = Encoding.UTF8.GetString(bytes[..length]).Trim();
        bool number = int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int label);
        int end = classes?.Length ?? int.MaxValue;
        if (!number || label >= end)
        {
            string expected = classes is null ? "a whole number" : $"0 to {end - 1}, a line of {WebDataset.ClassesFile}";
            throw new DataFileException(path, entry.DataOffset, $"the label {entry.Name} is '{text}', expected {expected}; correct it.");
        }
        return classes is null ? label.ToString(CultureInfo.InvariantCulture) : classes[label];
    }

    private readonly record struct Sample(string? Key, TarEntry? Image, string? Class);
}
