namespace RevUp.Formats;

/// <summary>
/// A checkpoint or one of its files cannot be written, is damaged or does not hold what was asked
/// for; the message names the path, the tensor and what to do.
/// </summary>
public sealed class CheckpointException(string path, string message, Exception? innerException = null)
    : RevUpException($"{path}: {message}", innerException)
{
    /// <summary>The file or folder.</summary>
    public string Path { get; } = path;
}
