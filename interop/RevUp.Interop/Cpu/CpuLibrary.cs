using System.Runtime.InteropServices;

namespace RevUp.Interop.Cpu;

/// <summary>
/// The C ABI of the CPU library, one method per function of revup_cpu.h; that header is the contract. In short: activations are dense and channels-last, tensor
/// pointers are aligned to <see cref="Alignment"/> bytes, counts are elements (0 does nothing), sizes are bytes, arguments alias only where it is said, sums
/// are accumulated in double in a fixed order for a given shape and thread count, and calls may run concurrently unless they write the same memory.
/// Every method returns a status; see <see cref="CpuStatusExtensions.Check"/>.
/// </summary>
public static unsafe partial class CpuLibrary
{
    /// <summary>Alignment of every tensor pointer, in bytes.</summary>
    public const int Alignment = 64;

    /// <summary>The version of revup_cpu.h that these bindings mirror.</summary>
    public const int ExpectedAbiVersion = 5;

    static CpuLibrary() => NativeLibraries.Register();

    /// <summary>The version of revup_cpu.h that the loaded library was built from.</summary>
    [LibraryImport(NativeLibraries.Cpu, EntryPoint = "revup_abi_version")]
    public static partial int AbiVersion();

    /// <summary>The calling thread's last error as zero-terminated UTF-8, "" when there was none; valid until the thread's next failing call.</summary>
    [LibraryImport(NativeLibraries.Cpu, EntryPoint = "revup_last_error")]
    public static partial byte* LastError();

    /// <summary>Writes one zero-terminated line, truncated to <paramref name="capacity"/> bytes: instruction set, oneDNN version, threads.</summary>
    [LibraryImport(NativeLibraries.Cpu, EntryPoint = "revup_describe")]
    public static partial CpuStatus Describe(byte* text, long capacity);

    /// <summary>Sets the threads of every later call, 1 to 1024, process-wide; convolutions keep the count that they were created with.</summary>
    [LibraryImport(NativeLibraries.Cpu, EntryPoint = "revup_set_threads")]
    public static partial CpuStatus SetThreads(int threads);

    /// <summary>Reads the thread count.</summary>
    [LibraryImport(NativeLibraries.Cpu, EntryPoint = "revup_get_threads")]
    public static partial CpuStatus GetThreads(int* threads);

    /// <summary>Tells what this processor can do with convolutions of a type.</summary>
    [LibraryImport(NativeLibraries.Cpu, EntryPoint = "revup_supports")]
    public static partial CpuStatus Supports(CpuType type, CpuSupport* support);

    /// <summary>Refuses a library of another ABI before any of its functions can misread its arguments.</summary>
    /// <exception cref="BadImageFormatException">The version differs, or the library does not state one.</exception>
    internal static void VerifyVersion(nint library, string place) =>
        NativeLibraryEntry.VerifyVersion(library, place, "revup_abi_version", ExpectedAbiVersion);
}
