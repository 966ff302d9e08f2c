namespace RevUp.Data;

/// <summary>Tells a process without a file to spare from a file that is damaged.</summary>
internal static class OpenFiles
{
    // errno of ENFILE and EMFILE.
    private const int SystemLimit = 23;
    private const int ProcessLimit = 24;

    /// <summary>Whether a file could not be opened because too many others are open.</summary>
    public static bool AreTooMany(Exception exception) => exception.HResult is ProcessLimit or SystemLimit;
}
