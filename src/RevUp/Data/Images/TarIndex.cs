using System.Formats.Tar;
using System.Globalization;
using System.Text;

namespace RevUp.Data.Images;

/// <summary>Where an image is in a set of shards, and what it shows.</summary>
/// <param name="Shard">Which file.</param>
/// <param name="Offset">Of its first byte.</param>
/// <param name="Length">In bytes.</param>
/// <param name="Name">Of the member.</param>
/// <param name="Class">The name of its class.</param>
internal readonly record struct TarMember(int Shard, long Offset, long Length, string Name, string Class);

/// <summary>Lists the images of a shard.</summary>
internal static class TarIndex
{
    private const int MaximumLabelBytes = 20;
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
            while (reader.GetNextEntry() is { } entry)
            {
                if (entry.EntryType is not (TarEntryType.RegularFile or TarEntryType.V7RegularFile))
                {
                    continue;
                }
                if (entry.DataOffset + entry.Length > file.Length)
                {
                    throw new DataFileException(path, file.Length, $"the shard ends inside its member {entry.Name}; it is cut, fetch it again.");
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
