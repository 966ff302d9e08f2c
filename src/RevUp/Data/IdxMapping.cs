namespace RevUp.Data;

/// <summary>
/// Names of the labels in an IDX dataset: EMNIST's mapping file has lines LABEL CODE, the code of a
/// character.
/// </summary>
internal static class IdxMapping
{
    /// <summary>Labels of the file with their names, in order of the labels.</summary>
    /// <exception cref="DataFileException">A line is something else, or names a label
    /// again.</exception>
    public static SortedDictionary<byte, string> Read(string path)
    {
        SortedDictionary<byte, string> names = [];
        string[] lines;
        try
        {
            lines = File.ReadAllLines(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new DataFileException(
                path,
                $"the names of the labels cannot be read ({exception.Message}) Check the file's permissions.",
                exception);
        }
        for (int number = 0; number < lines.Length; number++)
        {
            string[] words = lines[number].Split([' ', '\t', ','], StringSplitOptions.RemoveEmptyEntries);
            if (words.Length == 0)
            {
                continue;
            }
            if (words.Length < 2
                || !byte.TryParse(words[0], NumberStyles.None, CultureInfo.InvariantCulture, out byte label)
                || !ushort.TryParse(words[1], NumberStyles.None, CultureInfo.InvariantCulture, out ushort code)
                || char.IsControl((char)code) || char.IsSurrogate((char)code)
                || !names.TryAdd(label, ((char)code).ToString()))
            {
                throw new DataFileException(
                    path,
                    $"line {number + 1} is '{lines[number]}', expected a new label from 0 to 255 and the code of a "
                    + "character; fetch it again.");
            }
        }
        return names.Count > 0 ? names : throw new DataFileException(
            path, "it names no label; fetch it again, or remove it.");
    }
}
