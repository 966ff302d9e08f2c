namespace RevUp.Interop.Nvtx;

/// <summary>
/// The C ABI of librevup_nvtx, revup_nvtx.h; only where <see cref="IsAvailable"/>.
/// </summary>
internal static unsafe partial class NvtxLibrary
{
    static NvtxLibrary()
    {
        NativeLibraries.Register();
        IsAvailable = NativeLibraries.TryLoad(NativeLibraries.Nvtx, out _);
    }

    internal static bool IsAvailable { get; }

    /// <summary>
    /// Registers a zero-terminated name for the life of the process; null where no profiler looks.
    /// </summary>
    [LibraryImport(NativeLibraries.Nvtx, EntryPoint = "revup_range_name")]
    internal static partial nint RangeName(byte* name);

    /// <summary>
    /// Opens a range on the calling thread, with a size as its payload; below 0 it has none.
    /// </summary>
    [LibraryImport(NativeLibraries.Nvtx, EntryPoint = "revup_range_push")]
    internal static partial void RangePush(nint name, long bytes);

    /// <summary>Closes the calling thread's innermost range.</summary>
    [LibraryImport(NativeLibraries.Nvtx, EntryPoint = "revup_range_pop")]
    internal static partial void RangePop();

    /// <summary>A moment with a number.</summary>
    [LibraryImport(NativeLibraries.Nvtx, EntryPoint = "revup_range_mark")]
    internal static partial void RangeMark(nint name, NvtxMark category, double value);
}
