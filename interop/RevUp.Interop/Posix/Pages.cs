namespace RevUp.Interop.Posix;

/// <summary>Memory of the process, in the system's pages.</summary>
internal static partial class Pages
{
    private const int DontNeed = 4; // MADV_DONTNEED

    /// <summary>
    /// Gives memory back to the system. It stays reserved, and reads as zero until it is written
    /// again. Nothing happens where the system refuses.
    /// </summary>
    /// <param name="start">Start of a page, in a mapping that no file is behind.</param>
    /// <param name="bytes">Whole pages.</param>
    public static void Discard(nint start, long bytes) => _ = Advise(start, (nuint)bytes, DontNeed);

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int Advise(nint start, nuint bytes, int advice);
}
