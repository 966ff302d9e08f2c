namespace RevUp.Interop.Posix;

/// <summary>
/// Ends the process at once, without the handlers of an orderly exit: one of them may wait for a
/// library that waits for another process.
/// </summary>
internal static partial class ProcessEnd
{
    /// <summary>Does not return.</summary>
    [LibraryImport("libc", EntryPoint = "_exit")]
    public static partial void Now(int code);
}
