using System.IO.Enumeration;
using RevUp.Interop.Posix;

namespace RevUp.Data.Images;

/// <summary>
/// Lists folders in an order that does not depend on the file system, names that are not UTF-8
/// included.
/// </summary>
internal static class FolderEntries
{
    private const char Replacement = '\uFFFD';

    private static readonly EnumerationOptions s_all = new() { AttributesToSkip = 0, IgnoreInaccessible = false };

    /// <summary>Files and folders of a folder, by their characters.</summary>
    /// <exception cref="DataFileException">It cannot be listed.</exception>
    public static List<RawEntry> List(string folder)
    {
        try
        {
            List<RawEntry> entries = RawName.IsRaw(folder)
                ? RawFiles.List(folder)
                : [.. new FileSystemEnumerable<RawEntry>(
                    folder, (ref FileSystemEntry entry) =>
                        new RawEntry(entry.FileName.ToString(), entry.IsDirectory), s_all)];
            if (entries.Any(entry => entry.Name.Contains(Replacement, StringComparison.Ordinal)))
            {
                entries = RawFiles.List(folder);
            }
            entries.Sort((x, y) => string.CompareOrdinal(x.Name, y.Name));
            return entries;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new DataFileException(
                folder,
                $"the folder cannot be listed ({exception.Message}) Check the path and its permissions.",
                exception);
        }
    }
}
