namespace RevUp.Data.Images;

/// <summary>
/// A part of a dataset whose images are in one folder, with a list of their classes: val/images and
/// val/val_annotations.txt of Tiny ImageNet.
/// </summary>
internal static class FlatLabels
{
    private const string Suffix = "_annotations.txt";

    /// <summary>
    /// Whether a folder is a part without labels, beside one that has a list of them.
    /// </summary>
    public static bool IsUnlabelled(string root, string part) =>
        ListOf(part) is null && Directory.Exists(Path.Combine(part, "images"))
        && Directory.EnumerateDirectories(root).Any(other => ListOf(other) is not null);

    /// <summary>Files and classes by the folder's list; null where it has none.</summary>
    /// <exception cref="DataFileException">The list cannot be read, or a line is something
    /// else.</exception>
    public static List<(string File, string Class)>? Read(string folder)
    {
        if (ListOf(folder) is not { } path)
        {
            return null;
        }
        try
        {
            List<(string, string)> files = [];
            foreach (string line in File.ReadLines(path).Where(line => line.Length > 0))
            {
                string[] words = line.Split('\t');
                DataFileException.Require(
                    words.Length >= 2 && words[0].Length > 0 && words[1].Length > 0 && !words[0].Contains('\0'), path,
                    $"line {files.Count + 1} is '{line}', expected a file, a tab and a class; fetch it again.");
                files.Add((Path.Combine("images", words[0]), words[1]));
            }
            return files;
        }
        catch (Exception exception) when (
            exception is UnauthorizedAccessException or IOException)
        {
            throw new DataFileException(
                path, $"the list cannot be read ({exception.Message}) Check the file's permissions.", exception);
        }
    }

    private static string? ListOf(string folder)
    {
        string path = Path.Combine(folder, Path.GetFileName(Path.TrimEndingDirectorySeparator(folder)) + Suffix);
        return File.Exists(path) ? path : null;
    }
}
