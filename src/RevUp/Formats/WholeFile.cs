namespace RevUp.Formats;

/// <summary>
/// A file that is there whole or not at all, whenever its writer is killed: it is written under a
/// temporary name, put on the disk and renamed.
/// </summary>
/// <example><code>
/// using WholeFile file = new(path);
/// file.Content.Write(bytes);
/// file.Complete();
/// </code></example>
internal sealed class WholeFile : IDisposable
{
    private readonly string _path;
    private readonly string _temporary;
    private readonly FileStream _content;
    private bool _isComplete;

    /// <summary>Opens the temporary file.</summary>
    /// <exception cref="IOException">It cannot be created.</exception>
    public WholeFile(string path)
    {
        (_path, _temporary) = (path, path + ".incomplete");
        _content = File.Create(_temporary);
    }

    /// <summary>Where the content goes.</summary>
    public Stream Content => _content;

    /// <summary>Writes a text, or replaces the file that is there.</summary>
    /// <exception cref="IOException">
    /// It cannot be written; one that was there before is unchanged.
    /// </exception>
    public static void Write(string path, string text)
    {
        using WholeFile file = new(path);
        using (StreamWriter writer = new(file.Content, leaveOpen: true))
        {
            writer.Write(text);
        }
        file.Complete();
    }

    /// <summary>Puts the content on the disk itself (fsync) and gives the file its name.</summary>
    /// <exception cref="IOException">
    /// It cannot be written; one that was there before is unchanged.
    /// </exception>
    public void Complete()
    {
        _content.Flush(flushToDisk: true);
        _content.Dispose();
        File.Move(_temporary, _path, overwrite: true);
        _isComplete = true;
    }

    /// <summary>Closes the file; one that is not complete is deleted.</summary>
    public void Dispose()
    {
        _content.Dispose();
        if (!_isComplete)
        {
            File.Delete(_temporary);
        }
    }
}
