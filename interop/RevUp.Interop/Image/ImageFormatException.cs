namespace RevUp.Interop.Image;

/// <summary>
/// The data of an image cannot be used: damaged, truncated, too large, or neither JPEG nor PNG. The
/// message says what is wrong in one sentence without a final full stop, for the caller to put the
/// name of the file in front.
/// </summary>
internal sealed class ImageFormatException(string message) : RevUpException(message);
