namespace RevUp.Formats;

/// <summary>
/// Text files that are there whole or not at all, whenever their writer is killed.
/// </summary>
internal static class WholeFile
{
    /// <summary>Writes the file, or replaces the one that is there.</summary>
    /// <exception cref="IOException">
    /// It cannot be written; one that was there before is unchanged.
    /// </exception>
    public static void Write(string path, string text)
    {
        string temporary = path + ".incomplete";
        File.WriteAllText(temporary, text);
        File.Move(temporary, path, overwrite: true);
    }
}
