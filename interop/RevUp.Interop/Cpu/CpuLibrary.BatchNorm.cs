using System.Runtime.InteropServices;

namespace RevUp.Interop.Cpu;

public static unsafe partial class CpuLibrary
{
    /// <summary>
    /// Mean and biased variance of every channel of x [rows, channels]; running += momentum·(batch − running), with the unbiased variance, unless both are
    /// null.
    /// </summary>
    [LibraryImport(NativeLibraries.Cpu, EntryPoint = "revup_batch_norm_statistics")]
    public static partial CpuStatus BatchNormStatistics(
        long rows, long channels, CpuType xType, void* x, float momentum, float* mean, float* variance, float* runningMean, float* runningVariance);

    /// <summary>
    /// y = φ((x − mean) / √(variance + ε) · weight + bias). Null allowed: weight (1), mean and variance together (0 and 1, without ε). y may alias x when the
    /// types are equal.
    /// </summary>
    [LibraryImport(NativeLibraries.Cpu, EntryPoint = "revup_batch_norm_forward")]
    public static partial CpuStatus BatchNormForward(
        long rows, long channels, CpuActivation activation, CpuType xType, void* x, float* mean, float* variance, float epsilon, float* weight, float* bias,
        CpuType yType, void* y);

    /// <summary>
    /// With n the normalised x and g = scale·dy·φ′: dx = residual + weight / √(variance + ε) · (g − mean(g) − n·mean(g·n)), weightGradient += Σ g·n,
    /// biasGradient += Σ g. Null allowed: as forward, scale (1), residual (0, else of dx's type), either gradient. dx may alias dy, residual and x when the
    /// types are equal.
    /// </summary>
    [LibraryImport(NativeLibraries.Cpu, EntryPoint = "revup_batch_norm_backward")]
    public static partial CpuStatus BatchNormBackward(
        long rows, long channels, CpuActivation activation, CpuType xType, void* x, float* mean, float* variance, float epsilon, float* weight, float* bias,
        CpuType dyType, void* dy, float* scale, void* residual, CpuType dxType, void* dx, float* weightGradient, float* biasGradient);
}
