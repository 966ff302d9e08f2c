using System.Runtime.InteropServices;

namespace RevUp.Interop.Cpu;

public static unsafe partial class CpuLibrary
{
    /// <summary>Chooses the algorithms for one geometry; use <see cref="ConvolutionHandle.Create"/>, which owns the result.</summary>
    [LibraryImport(NativeLibraries.Cpu, EntryPoint = "revup_convolution_create")]
    public static partial CpuStatus ConvolutionCreate(CpuConvolutionGeometry* geometry, nint* handle);

    /// <summary>Frees a raw handle; 0 is allowed. <see cref="ConvolutionHandle"/> calls it.</summary>
    [LibraryImport(NativeLibraries.Cpu, EntryPoint = "revup_convolution_destroy")]
    public static partial CpuStatus ConvolutionDestroy(nint handle);

    /// <summary>The output extents and the byte counts of the buffers.</summary>
    [LibraryImport(NativeLibraries.Cpu, EntryPoint = "revup_convolution_query")]
    public static partial CpuStatus ConvolutionQuery(ConvolutionHandle handle, CpuConvolutionSizes* sizes);

    /// <summary>packed = scale·weights (scale null: 1), rounded and laid out for fprop and dgrad: once per step, not per call.</summary>
    [LibraryImport(NativeLibraries.Cpu, EntryPoint = "revup_convolution_pack")]
    public static partial CpuStatus ConvolutionPack(ConvolutionHandle handle, float* weights, float* scale, void* packed, void* scratch);

    /// <summary>dst = weights ∗ src. Scratch has the queried size (null when that is 0) and undefined content.</summary>
    [LibraryImport(NativeLibraries.Cpu, EntryPoint = "revup_convolution_fprop")]
    public static partial CpuStatus ConvolutionFprop(ConvolutionHandle handle, void* src, void* packed, void* dst, void* scratch);

    /// <summary>diffSrc = weightsᵀ ∗ diffDst, the gradient of src.</summary>
    [LibraryImport(NativeLibraries.Cpu, EntryPoint = "revup_convolution_dgrad")]
    public static partial CpuStatus ConvolutionDgrad(ConvolutionHandle handle, void* diffDst, void* packed, void* diffSrc, void* scratch);

    /// <summary>diffWeights = gradient of the weights, overwritten, float32, in their plain layout.</summary>
    [LibraryImport(NativeLibraries.Cpu, EntryPoint = "revup_convolution_wgrad")]
    public static partial CpuStatus ConvolutionWgrad(ConvolutionHandle handle, void* src, void* diffDst, float* diffWeights, void* scratch);
}
