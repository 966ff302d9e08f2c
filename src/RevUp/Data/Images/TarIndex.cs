using System.Text.RegularExpressions;
using Microsoft.Win32.SafeHandles;

namespace RevUp.Data.Images;

/// <summary>
/// Makes samples of the members of a shard. The key of a member is its name up to the first dot of
/// its file name, the extension everything after it. A sample is a key with one image (jpg, jpeg or
/// png), and perhaps a label (cls); its members may be anywhere in the shard. Other extensions are
/// ignored.
/// </summary>
internal static partial class TarIndex
{
    private const int MaximumLabelBytes = 20;
    private const int MaximumLinks = 8;

    /// <summary>Adds the samples of a shard, in the order of their images.</summary>
    /// <param name="path">The shard.</param>
    /// <param name="shard">Its number.</param>
    /// <param name="classes">
    /// The names of the labels in .cls members; null when the labels are the names.
    /// </param>
    /// <param name="samples">Where they are added.</param>
    /// <param name="findings">Where members are noted that no sample was made of.</param>
    /// <exception cref="DataFileException">
    /// The shard is damaged, or a label is no number of a class.
    /// </exception>
    public static void Read(string path, int shard, string[]? classes, List<ShardSample> samples, DataFindings findings)
    {
        try
        {
            using FileStream file = ShardFile.Open(path);
            Dictionary<string, Key> keys = Group(path, TarEntries.Read(path, file, findings), findings);
            foreach ((string key, Key found) in keys.OrderBy(pair => pair.Value.Order))
            {
                NoteOthers(path, found, findings);
                if (found.Image is not { } image)
                {
                    continue;
                }
                string? label = found.Label is { } member
                    ? ReadClass(path, file.SafeFileHandle, member, classes)
                    : null;
                string folder = Path.GetFileName(Path.GetDirectoryName(key) ?? "");
                samples.Add(
                    new ShardSample(shard, image.Offset, image.Length, image.Name, label ?? folder, label is not null));
            }
        }
        catch (Exception exception) when (exception is UnauthorizedAccessException or IOException)
        {
            throw new DataFileException(
                path, $"the shard cannot be read ({exception.Message}) Check the file and its permissions.", exception);
        }
    }

    private static Dictionary<string, Key> Group(string path, List<TarMember> members, DataFindings findings)
    {
        Dictionary<string, TarMember> names = [];
        // As ImageNet unpacks: a shard for each class, which is its name.
        string folder = WordNet().IsMatch(ShardFile.Stem(path)) ? ShardFile.Stem(path) + "/" : "";
        List<TarMember> files = [];
        foreach (TarMember member in members)
        {
            string where = $"{path}:{member.Name}";
            if (member.Name.Split('/').Any(part => part is not ("." or "..") && FileNames.IsHidden(part)))
            {
                findings.AddSkipped("hidden or side file", where);
            }
            else if (!member.IsFile && !member.IsLink)
            {
                if (!member.IsFolder)
                {
                    findings.AddProblem("member that is neither a file nor a link", where);
                }
            }
            else if (!names.TryAdd(Normalize("", member.Name), member))
            {
                findings.AddProblem("member with the name of an earlier one of its shard", where);
            }
            else
            {
                files.Add(member);
            }
        }
        Dictionary<string, Key> keys = [];
        for (int order = 0; order < files.Count; order++)
        {
            TarMember member = files[order];
            if (Follow(member, names) is not { } content)
            {
                findings.AddProblem("link to what is not in the shard", $"{path}:{member.Name} -> {member.Target}");
                continue;
            }
            (string key, string extension) = Split(member.Name.Contains('/') ? member.Name : folder + member.Name);
            Key found = keys.TryGetValue(key, out Key? known) ? known : keys[key] = new Key();
            Add(path, found, extension, content with { Name = member.Name }, order, findings);
        }
        return keys;
    }

    private static void Add(string path, Key key, string extension, TarMember member, int order, DataFindings findings)
    {
        if (FileNames.Images.Contains("." + extension))
        {
            if (key.Image is not null)
            {
                findings.AddProblem("second image of a key", $"{path}:{member.Name}");
                return;
            }
            (key.Image, key.Order) = (member, order);
        }
        else if (extension == "cls" && key.Label is null)
        {
            key.Label = member;
        }
        else
        {
            key.Others.Add(member.Name);
        }
    }

    private static void NoteOthers(string path, Key key, DataFindings findings)
    {
        foreach (string name in key.Others)
        {
            if (key.Image is null && FileNames.IsImage(name))
            {
                findings.AddProblem(
                    "image without a key of its own, which ends at the first dot of a name; rename", $"{path}:{name}");
            }
            else if (key.Image is null && FileNames.IsOtherImage(name))
            {
                findings.AddProblem("image that is neither JPEG nor PNG", $"{path}:{name}");
            }
            else
            {
                findings.AddSkipped("member of another extension", $"{path}:{name}");
            }
        }
        if (key.Image is null && key.Label is { } label)
        {
            findings.AddProblem("label without an image", $"{path}:{label.Name}");
        }
    }

    private static TarMember? Follow(TarMember member, Dictionary<string, TarMember> names)
    {
        for (int links = 0; links < MaximumLinks; links++)
        {
            if (member.IsFile)
            {
                return member;
            }
            string target = member.Type == System.Formats.Tar.TarEntryType.HardLink
                ? Normalize("", member.Target)
                : Normalize(member.Name[..(member.Name.LastIndexOf('/') + 1)], member.Target);
            if (!names.TryGetValue(target, out member))
            {
                return null;
            }
        }
        return null;
    }

    private static string Normalize(string folder, string target)
    {
        List<string> parts = [];
        foreach (string part in (folder + target).Split('/').Where(part => part is not ("" or ".")))
        {
            if (part == ".." && parts.Count > 0)
            {
                parts.RemoveAt(parts.Count - 1);
            }
            else
            {
                parts.Add(part);
            }
        }
        return string.Join('/', parts);
    }

    private static (string Key, string Extension) Split(string name)
    {
        int file = name.LastIndexOf('/') + 1, dot = name.IndexOf('.', file);
        return dot < 0 ? (name, "") : (name[..dot], name[(dot + 1)..].ToLowerInvariant());
    }

    private static string ReadClass(string path, SafeFileHandle file, TarMember label, string[]? classes)
    {
        Span<byte> bytes = stackalloc byte[MaximumLabelBytes];
        int length = RandomAccess.Read(file, bytes[..(int)Math.Min(bytes.Length, label.Length)], label.Offset);
        string text = Encoding.UTF8.GetString(bytes[..length]).Trim();
        bool number = int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int value);
        int end = classes?.Length ?? int.MaxValue;
        if (!number || value >= end)
        {
            string expected =
                classes is null ? "a whole number" : $"0 to {end - 1}, a line of {WebDataset.ClassesFile}";
            throw new DataFileException(
                path, label.Offset, $"the label {label.Name} is '{text}', expected {expected}; correct it.");
        }
        return classes is null ? value.ToString(CultureInfo.InvariantCulture) : classes[value];
    }

    [GeneratedRegex("^n[0-9]{8}$", RegexOptions.CultureInvariant)]
    private static partial Regex WordNet();

    private sealed class Key
    {
        public TarMember? Image { get; set; }

        public TarMember? Label { get; set; }

        public int Order { get; set; }

        public List<string> Others { get; } = [];
    }
}
