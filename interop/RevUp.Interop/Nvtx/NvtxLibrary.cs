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

    /// <summary>Opens a range on the calling thread; the name is zero-terminated.</summary>
    [LibraryImport(NativeLibraries.Nvtx, EntryPoint = "revup_range_push")]
    internal static partial void RangePush(byte* name);

    /// <summary>Closes the calling thread's innermost range.</summary>
    [LibraryImport(NativeLibraries.Nvtx, EntryPoint = "revup_range_pop")]
    internal static partial void RangePop();
}
