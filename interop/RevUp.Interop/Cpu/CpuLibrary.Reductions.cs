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
    /// Of many vectors in a flat buffer of count floats: their norms ‖x‖₂, and x = x / ‖x‖; for ‖x‖ ≤ 1e-12, the norm is 0 and x a unit vector drawn from
    /// seed + its number, so that power iteration starts anew. The table has three numbers for each: first element, elements, index of the norm (revup_vector).
    /// </summary>
    [LibraryImport(NativeLibraries.Cpu, EntryPoint = "revup_normalize_all")]
    public static partial CpuStatus NormalizeAll(long vectors, double* table, ulong seed, long count, float* buffer);
}
