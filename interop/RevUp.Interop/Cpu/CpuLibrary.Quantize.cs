using System.Runtime.InteropServices;

namespace RevUp.Interop.Cpu;

public static unsafe partial class CpuLibrary
{
    /// <summary>decoded = x, rounded to multiples of 2⁻¹⁶: the start of a stream of quantised differences. decoded may alias x.</summary>
    [LibraryImport(NativeLibraries.Cpu, EntryPoint = "revup_quantize_begin")]
    public static partial CpuStatus QuantizeBegin(long count, float* x, float* decoded);

    /// <summary>
    /// y = x + s·z, code = round((y − decoded) / step), decoded += code·step, with a step per sample and channel. Codes are rows of channels·bits/8 bytes,
    /// rounded up; steps [batch, channels], bfloat16. y may alias x.
    /// </summary>
    [LibraryImport(NativeLibraries.Cpu, EntryPoint = "revup_quantize_residual")]
    public static partial CpuStatus QuantizeResidual(
        long batch, long positions, long channels, int bits, float* x, CpuType zType, void* z, float* s, float* y, float* decoded, void* codes, void* steps);

    /// <summary>decoded −= code·step: undoes <see cref="QuantizeResidual"/>, bit for bit while |decoded| is below 2⁸.</summary>
    [LibraryImport(NativeLibraries.Cpu, EntryPoint = "revup_quantize_retrace")]
    public static partial CpuStatus QuantizeRetrace(long batch, long positions, long channels, int bits, void* codes, void* steps, float* decoded);
}
