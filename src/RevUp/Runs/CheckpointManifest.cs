using System.Security.Cryptography;

namespace RevUp.Runs;

/// <summary>
/// Proof of a complete checkpoint: the step, and name, length in bytes and SHA-256 of each of its
/// files.
/// </summary>
internal sealed record CheckpointManifest(
    [property: JsonRequired] int Version, [property: JsonRequired] long Step,
    [property: JsonRequired] IReadOnlyList<CheckpointManifest.Entry> Files)
{
    public const string FileName = "manifest.json";
    private const int CurrentVersion = 1;

    public sealed record Entry(
        [property: JsonRequired] string Name,
        [property: JsonRequired] long Length,
        [property: JsonRequired] string Sha256);

    /// <summary>
    /// Describes the files of <paramref name="folder"/>, putting each on the disk itself (fsync),
    /// and adds the manifest as the last of them.
    /// </summary>
    public static void Seal(string folder, long step)
    {
        List<Entry> entries = [];
        foreach (string path in Directory.EnumerateFiles(folder).Order(StringComparer.Ordinal))
        {
            // flushing needs the right to write
            using FileStream file = File.Open(path, FileMode.Open, FileAccess.ReadWrite);
            file.Flush(flushToDisk: true);
            entries.Add(new Entry(Path.GetFileName(path), file.Length, Hash(file)));
        }
        using FileStream manifest = File.Open(Path.Combine(folder, FileName), FileMode.CreateNew);
        JsonSerializer.Serialize(
            manifest, new CheckpointManifest(CurrentVersion, step, entries), ManifestJson.Default.CheckpointManifest);
        manifest.Flush(flushToDisk: true);
    }

    /// <summary>
    /// The fault of the checkpoint in <paramref name="folder"/>, or null when every file is as it
    /// was sealed. Reads all files.
    /// </summary>
    public static string? FindProblem(string folder, long step)
    {
        try
        {
            using FileStream file = File.OpenRead(Path.Combine(folder, FileName));
            CheckpointManifest? manifest = JsonSerializer.Deserialize(file, ManifestJson.Default.CheckpointManifest);
            if (manifest is not { Version: CurrentVersion, Files: not null } || manifest.Step != step)
            {
                return $"{FileName} is of version {manifest?.Version} and step {manifest?.Step}, expected "
                    + $"{CurrentVersion} and {step}";
            }
            return manifest.Files.Select(entry => FindProblem(folder, entry))
                .FirstOrDefault(problem => problem is not null);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or JsonException)
        {
            return exception.Message;
        }
    }

    private static string? FindProblem(string folder, Entry entry)
    {
        if (entry?.Name is null || entry.Name != Path.GetFileName(entry.Name))
        {
            return $"{FileName} lists '{entry?.Name}', which is not the name of a file in the checkpoint";
        }
        using FileStream file = File.OpenRead(Path.Combine(folder, entry.Name));
        if (file.Length != entry.Length)
        {
            return $"{entry.Name} has {file.Length} bytes, expected {entry.Length}";
        }
        return Hash(file) == entry.Sha256 ? null : $"the content of {entry.Name} has changed (SHA-256)";
    }

    private static string Hash(FileStream file) => Convert.ToHexStringLower(SHA256.HashData(file));
}
