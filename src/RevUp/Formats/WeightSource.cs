namespace RevUp.Formats;

/// <summary>A safetensors file on disk, or the bytes of one.</summary>
/// <param name="Name">Path, or the name in messages.</param>
/// <param name="Content">The bytes; null for a file on disk.</param>
internal readonly record struct WeightSource(string Name, byte[]? Content = null)
{
    public static implicit operator WeightSource(string path) => new(path);

    /// <summary>Reads a stream to its end; its position is where the file starts.</summary>
    /// <exception cref="CheckpointException">
    /// The stream fails, or has more bytes than an array takes.
    /// </exception>
    public static WeightSource From(Stream stream)
    {
        const string Name = "the stream";
        using MemoryStream copy = new();
        try
        {
            stream.CopyTo(copy);
        }
        catch (IOException exception)
        {
            throw new CheckpointException(
                Name,
                $"it cannot be read ({exception.Message}) A file of 2 GiB or more is loaded by its path.",
                exception);
        }
        return new(Name, copy.ToArray());
    }

    /// <inheritdoc cref="SafetensorsReader(WeightSource)"/>
    public SafetensorsReader Open() => new(this);
}
