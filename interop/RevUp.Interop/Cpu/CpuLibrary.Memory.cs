using System.Runtime.InteropServices;

namespace RevUp.Interop.Cpu;

public static unsafe partial class CpuLibrary
{
    /// <summary>Reserves address space; physical pages come zeroed on first touch. The caller releases it with the same size.</summary>
    [LibraryImport(NativeLibraries.Cpu, EntryPoint = "revup_reserve")]
    public static partial CpuStatus Reserve(long bytes, void** memory);

    /// <summary>Returns what <see cref="Reserve"/> gave, with the same size.</summary>
    [LibraryImport(NativeLibraries.Cpu, EntryPoint = "revup_release")]
    public static partial CpuStatus Release(void* memory, long bytes);

    /// <summary>y[i] = value.</summary>
    [LibraryImport(NativeLibraries.Cpu, EntryPoint = "revup_fill")]
    public static partial CpuStatus Fill(long count, float value, float* y);

    /// <summary>y = x, rounded to nearest even where y is narrower; equal types copy.</summary>
    [LibraryImport(NativeLibraries.Cpu, EntryPoint = "revup_cast")]
    public static partial CpuStatus Cast(long count, CpuType xType, void* x, CpuType yType, void* y);
}
