namespace RevUp.Data.Images;

/// <summary>Opens shards for reading at any place.</summary>
internal static class ShardFile
{
    /// <summary>Of a shard that is not compressed.</summary>
    public const string Extension = ".tar";

    // Those that are not read are refused by their content.
    private static readonly string[] s_extensions =
        [Extension, ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz", ".tar.zst"];

    /// <summary>Whether a member of a shard is a shard by its name, not compressed.</summary>
    public static bool IsPlainShard(string name) =>
        name.EndsWith(Extension, StringComparison.OrdinalIgnoreCase) && !FileNames.IsHidden(Path.GetFileName(name));

    /// <summary>Whether a file is a shard by its name.</summary>
    public static bool IsShard(string path)
    {
        string name = Path.GetFileName(path);
        return !FileNames.IsHidden(name) && s_extensions.Any(
            extension => name.EndsWith(extension, StringComparison.OrdinalIgnoreCase));
    }

    /// <summary>The name of a shard without its extension.</summary>
    public static string Stem(string path)
    {
        string name = Path.GetFileName(path);
        string extension = s_extensions
            .FirstOrDefault(extension => name.EndsWith(extension, StringComparison.OrdinalIgnoreCase)) ?? "";
        return name[..^extension.Length];
    }

    /// <summary>The shards of a folder, by name.</summary>
    public static string[] List(string folder)
    {
        string[] shards = Directory.Exists(folder) ? [.. Directory.EnumerateFiles(folder).Where(IsShard)] : [];
        Array.Sort(shards, string.CompareOrdinal);
        return shards;
    }

    /// <summary>
    /// Opens a shard; a compressed one is unfolded into a temporary file, which no longer has a
    /// name.
    /// </summary>
    /// <exception cref="IOException">It cannot be opened, is damaged, or the temporary folder has
    /// no room.</exception>
    public static FileStream Open(string path)
    {
        Stream content = DataContent.Open(path);
        if (content is FileStream plain)
        {
            return plain;
        }
        using (content)
        {
            string temporary = Path.Combine(Path.GetTempPath(), $"revup-{Guid.NewGuid():N}.tar");
            FileStream unfolded = new(temporary, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None);
            try
            {
                File.Delete(temporary); // its content stays until it is closed, however the process ends
                content.CopyTo(unfolded);
                unfolded.Flush();
                unfolded.Position = 0;
                return unfolded;
            }
            catch (Exception exception)
            {
                unfolded.Dispose();
                if (exception is IOException)
                {
                    throw new IOException(
                        $"{path} cannot be unfolded into {Path.GetTempPath()} ({exception.Message}) Unfold it with "
                        + "'gzip -d', or set TMPDIR to a folder with room.",
                        exception);
                }
                throw;
            }
        }
    }
}
