using System.Runtime.InteropServices;

namespace RevUp.Interop.Cpu;

public static unsafe partial class CpuLibrary
{
    /// <summary>result = Σ x.</summary>
    [LibraryImport(NativeLibraries.Cpu, EntryPoint = "revup_sum")]
    public static partial CpuStatus Sum(long count, float* x, double* result);

    /// <summary>result = Σ x·y; x may alias y.</summary>
    [LibraryImport(NativeLibraries.Cpu, EntryPoint = "revup_dot")]
    public static partial CpuStatus Dot(long count, float* x, float* y, double* result);

    /// <summary>difference = ‖x − y‖², norm = ‖y‖².</summary>
    [LibraryImport(NativeLibraries.Cpu, EntryPoint = "revup_distance")]
    public static partial CpuStatus Distance(long count, float* x, float* y, double* difference, double* norm);

    /// <summary>
    /// norm = ‖x‖₂ and y = x / ‖x‖; for ‖x‖ ≤ 1e-12, norm = 0 and y is a unit vector drawn from seed, so that power iteration starts anew. y may alias x.
    /// </summary>
    [LibraryImport(NativeLibraries.Cpu, EntryPoint = "revup_normalize")]
    public static partial CpuStatus Normalize(long count, float* x, ulong seed, float* y, float* norm);
}
