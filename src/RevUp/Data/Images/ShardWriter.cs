using System.Formats.Tar;
using RevUp.Tensors;

namespace RevUp.Data.Images;

/// <summary>
/// Copies encoded images into WebDataset shards: CLASS/NAME.EXT and CLASS/NAME.cls, with
/// classes.txt beside the shards.
/// </summary>
/// <remarks>
/// A name is the image's file name, or a number where that is not a key of its own. The same images
/// give the same bytes: in an order that is shuffled by a fixed seed, because others read shards
/// from front to back, with fixed times and owners. Everything is written to FOLDER.incomplete,
/// which is renamed at the end: what has the final name is whole.
/// </remarks>
internal static class ShardWriter
{
    private const string Incomplete = ".incomplete";
    private const ulong OrderSeed = 0;
    private const int LongestClass = 155; // the prefix of a name in a header (POSIX.1-1988 ustar)
    // two headers, the padding of two contents, the label, and the end of the shard
    private const int OverheadBytes = 7 * 512;

    /// <summary>Writes all images of one part of a dataset.</summary>
    /// <inheritdoc cref="Write(IReadOnlyList{ShardPart}, string, long, Action{int}?,
    /// CancellationToken)"/>
    public static int Write(
        EncodedDataset dataset,
        string folder,
        long shardBytes,
        Action<int>? progress = null,
        CancellationToken stop = default) =>
        Write([new ShardPart("", dataset)], folder, shardBytes, progress, stop);

    /// <summary>Writes all images of a dataset, whose parts must have the same classes.</summary>
    /// <param name="parts">Parts to copy; nothing is decoded or changed.</param>
    /// <param name="folder">Does not exist yet.</param>
    /// <param name="shardBytes">
    /// A shard is ended before the image that would make it larger.
    /// </param>
    /// <param name="progress">Called after each image with the number of those done.</param>
    /// <param name="stop">Leaves nothing behind.</param>
    /// <returns>The number of shards.</returns>
    /// <exception cref="ConfigurationException">
    /// There is something in the folder already, or a class has a name that shards cannot carry.
    /// </exception>
    /// <exception cref="DataFileException">An image cannot be read.</exception>
    /// <exception cref="IOException">The shards cannot be written.</exception>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    public static int Write(
        IReadOnlyList<ShardPart> parts,
        string folder,
        long shardBytes,
        Action<int>? progress = null,
        CancellationToken stop = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(shardBytes);
        ConfigurationException.Require(
            !File.Exists(folder) && !Directory.Exists(folder),
            $"'{folder}' exists already; name a folder that does not, or remove it");
        RequireOneNumbering(parts);
        string temporary = Path.TrimEndingDirectorySeparator(folder) + Incomplete;
        if (Directory.Exists(temporary))
        {
            Directory.Delete(temporary, recursive: true);
        }
        Directory.CreateDirectory(temporary);
        try
        {
            int shards = 0, done = 0;
            foreach ((string name, EncodedDataset dataset) in parts)
            {
                string place = Directory.CreateDirectory(Path.Combine(temporary, name)).FullName;
                int before = done;
                shards += WriteShards(
                    dataset, place, shardBytes, images => progress?.Invoke(done = before + images), stop);
                done = before + dataset.Count;
                File.WriteAllLines(Path.Combine(place, WebDataset.ClassesFile), dataset.Classes);
            }
            Directory.Move(temporary, folder);
            return shards;
        }
        catch
        {
            Directory.Delete(temporary, recursive: true);
            throw;
        }
    }

    private static void RequireOneNumbering(IReadOnlyList<ShardPart> parts)
    {
        IReadOnlyList<string> classes = parts[0].Dataset.Classes;
        foreach (string name in classes)
        {
            string? problem = name.Any(char.IsControl) ? "has a control character, such as the end of a line"
                : FileNames.IsHidden(name) ? "is one of a hidden folder"
                : name.Contains('/') ? "has a slash"
                : name.Length == 0 ? "is empty"
                : Encoding.UTF8.GetByteCount(name) is > LongestClass and int bytes
                    ? $"takes {bytes} bytes of at most {LongestClass}"
                : null;
            ConfigurationException.Require(
                problem is null,
                $"The class '{PrintableText.Of(name)}' has a name that shards cannot carry: it {problem}; rename it");
        }
        foreach (ShardPart part in parts)
        {
            ConfigurationException.Require(
                part.Dataset.Classes.SequenceEqual(classes),
                $"The parts '{parts[0].Name}' and '{part.Name}' have different classes; give both the same");
        }
    }

    private static int WriteShards(
        EncodedDataset dataset, string folder, long shardBytes, Action<int>? progress, CancellationToken stop)
    {
        ShardKeys keys = new(dataset);
        EpochPermutation order = new(dataset.Count, OrderSeed, epoch: 0);
        byte[] buffer = [];
        int shards = 0;
        FileStream? file = null;
        TarWriter? writer = null;
        try
        {
            for (int i = 0; i < dataset.Count; i++)
            {
                stop.ThrowIfCancellationRequested();
                int index = order[i];
                int length = dataset.Load(index, ref buffer);
                if (file is null || file.Position + length + OverheadBytes > shardBytes)
                {
                    writer?.Dispose();
                    file = File.Create(
                        Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"shard-{shards++:D6}.tar")));
                    writer = new TarWriter(file, TarEntryFormat.Ustar);
                }
                string key = keys[index];
                WriteMember(
                    writer!, key + Path.GetExtension(dataset.FileName(index)).ToLowerInvariant(), buffer, length);
                byte[] text = Encoding.ASCII.GetBytes(dataset.Label(index).ToString(CultureInfo.InvariantCulture));
                WriteMember(writer!, key + ".cls", text, text.Length);
                progress?.Invoke(i + 1);
            }
        }
        finally
        {
            writer?.Dispose();
        }
        return shards;
    }

    private static void WriteMember(TarWriter writer, string name, byte[] content, int length)
    {
        using MemoryStream data = new(content, 0, length, writable: false);
        writer.WriteEntry(new UstarTarEntry(TarEntryType.RegularFile, name)
        {
            DataStream = data,
            ModificationTime = DateTimeOffset.UnixEpoch,
            Mode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead,
        });
    }
}
