namespace RevUp.Interop.Image;

/// <summary>
/// The result of every call into the image library (the members of revup_status that it returns).
/// </summary>
internal enum ImageStatus
{
    /// <summary>Done.</summary>
    Ok = 0,

    /// <summary>Null, negative or inconsistent; the message names the argument.</summary>
    InvalidArgument = 1,

    /// <summary>The system has no memory left for the request.</summary>
    OutOfMemory = 2,

    /// <summary>An exception inside the library; the message carries its text.</summary>
    Internal = 4,

    /// <summary>
    /// The data is damaged, truncated, too large, or neither JPEG nor PNG; the message says how.
    /// </summary>
    InvalidData = 5,
}
