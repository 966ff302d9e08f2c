using System.Runtime.InteropServices;

namespace RevUp.Interop.Nvtx;

/// <summary>The two functions of NVTX that RevUp calls; only where <see cref="IsAvailable"/>.</summary>
internal static unsafe partial class NvtxLibrary
{
    static NvtxLibrary()
    {
        NativeLibraries.Register();
        IsAvailable = NativeLibraries.TryLoad(NativeLibraries.Nvtx, out _);
    }

    internal static bool IsAvailable { get; }

    /// <summary>Opens a range on the calling thread; the name is zero-terminated.</summary>
    [LibraryImport(NativeLibraries.Nvtx, EntryPoint = "nvtxRangePushA")]
    internal static partial int RangePush(byte* name);

    /// <summary>Closes the calling thread's innermost range.</summary>
    [LibraryImport(NativeLibraries.Nvtx, EntryPoint = "nvtxRangePop")]
    internal static partial int RangePop();
}
