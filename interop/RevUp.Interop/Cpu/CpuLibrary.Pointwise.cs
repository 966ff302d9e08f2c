using System.Runtime.InteropServices;

namespace RevUp.Interop.Cpu;

public static unsafe partial class CpuLibrary
{
    /// <summary>y = φ(x + a) + b with scalars a and b; y may alias x when the types are equal.</summary>
    [LibraryImport(NativeLibraries.Cpu, EntryPoint = "revup_preactivation_forward")]
    public static partial CpuStatus PreactivationForward(
        long count, CpuActivation activation, CpuType xType, void* x, float* a, float* b, CpuType yType, void* y);

    /// <summary>
    /// dx = residual + scale·dy·φ′(x + a), sumB += Σ scale·dy, sumA += Σ scale·dy·φ′(x + a). Null allowed: scale (1), residual (0, else of dx's type), sumA,
    /// sumB. dx may alias dy, residual and x when the types are equal.
    /// </summary>
    [LibraryImport(NativeLibraries.Cpu, EntryPoint = "revup_preactivation_backward")]
    public static partial CpuStatus PreactivationBackward(
        long count, CpuActivation activation, CpuType xType, void* x, float* a, CpuType dyType, void* dy, float* scale, void* residual, CpuType dxType,
        void* dx, float* sumA, float* sumB);

    /// <summary>y = x + s·z; y may alias x, and z when z is float32.</summary>
    [LibraryImport(NativeLibraries.Cpu, EntryPoint = "revup_residual_add")]
    public static partial CpuStatus ResidualAdd(long count, float* x, CpuType zType, void* z, float* s, float* y);

    /// <summary>
    /// One step of the fixed-point inversion: xNext = y − s·z, difference = ‖xNext − x‖², norm = ‖xNext‖²; xNext may alias y, x, and z when z is float32.
    /// </summary>
    [LibraryImport(NativeLibraries.Cpu, EntryPoint = "revup_fixed_point_step")]
    public static partial CpuStatus FixedPointStep(
        long count, float* y, CpuType zType, void* z, float* s, float* x, float* xNext, double* difference, double* norm);

    /// <summary>y += α·x; alpha may be null (1).</summary>
    [LibraryImport(NativeLibraries.Cpu, EntryPoint = "revup_axpy")]
    public static partial CpuStatus Axpy(long count, float* alpha, float* x, float* y);
}
