namespace RevUp.Interop.Cudnn;

internal static unsafe partial class CudnnLibrary
{
    /// <summary>Candidates for fprop, the one expected to be the fastest first.</summary>
    [LibraryImport(NativeLibraries.Cudnn, EntryPoint = "cudnnGetConvolutionForwardAlgorithm_v7")]
    public static partial CudnnStatus GetForwardAlgorithms(
        CudnnHandle handle, TensorDescriptor x, FilterDescriptor w, ConvolutionDescriptor convolution,
        TensorDescriptor y, int requested, int* returned, CudnnAlgorithmPerformance* candidates);

    /// <summary>Candidates for dgrad.</summary>
    [LibraryImport(NativeLibraries.Cudnn, EntryPoint = "cudnnGetConvolutionBackwardDataAlgorithm_v7")]
    public static partial CudnnStatus GetBackwardDataAlgorithms(
        CudnnHandle handle, FilterDescriptor w, TensorDescriptor dy, ConvolutionDescriptor convolution,
        TensorDescriptor dx, int requested, int* returned, CudnnAlgorithmPerformance* candidates);

    /// <summary>Candidates for wgrad.</summary>
    [LibraryImport(NativeLibraries.Cudnn, EntryPoint = "cudnnGetConvolutionBackwardFilterAlgorithm_v7")]
    public static partial CudnnStatus GetBackwardFilterAlgorithms(
        CudnnHandle handle, TensorDescriptor x, TensorDescriptor dy, ConvolutionDescriptor convolution,
        FilterDescriptor dw, int requested, int* returned, CudnnAlgorithmPerformance* candidates);

    /// <summary>
    /// Bytes of workspace of an fprop algorithm; NotSupported where it does not apply.
    /// </summary>
    [LibraryImport(NativeLibraries.Cudnn, EntryPoint = "cudnnGetConvolutionForwardWorkspaceSize")]
    public static partial CudnnStatus GetForwardWorkspaceSize(
        CudnnHandle handle, TensorDescriptor x, FilterDescriptor w, ConvolutionDescriptor convolution,
        TensorDescriptor y, int algorithm, nuint* bytes);

    /// <summary>Bytes of workspace of a dgrad algorithm.</summary>
    [LibraryImport(NativeLibraries.Cudnn, EntryPoint = "cudnnGetConvolutionBackwardDataWorkspaceSize")]
    public static partial CudnnStatus GetBackwardDataWorkspaceSize(
        CudnnHandle handle, FilterDescriptor w, TensorDescriptor dy, ConvolutionDescriptor convolution,
        TensorDescriptor dx, int algorithm, nuint* bytes);

    /// <summary>Bytes of workspace of a wgrad algorithm.</summary>
    [LibraryImport(NativeLibraries.Cudnn, EntryPoint = "cudnnGetConvolutionBackwardFilterWorkspaceSize")]
    public static partial CudnnStatus GetBackwardFilterWorkspaceSize(
        CudnnHandle handle, TensorDescriptor x, TensorDescriptor dy, ConvolutionDescriptor convolution,
        FilterDescriptor dw, int algorithm, nuint* bytes);

    /// <summary>y = alpha·(w ∗ x) + beta·y.</summary>
    [LibraryImport(NativeLibraries.Cudnn, EntryPoint = "cudnnConvolutionForward")]
    public static partial CudnnStatus ConvolutionForward(
        CudnnHandle handle, float* alpha, TensorDescriptor xDescriptor, DevicePointer x, FilterDescriptor wDescriptor,
        DevicePointer w, ConvolutionDescriptor convolution, int algorithm, DevicePointer workspace,
        nuint workspaceBytes, float* beta, TensorDescriptor yDescriptor, DevicePointer y);

    /// <summary>dx = alpha·(wᵀ ∗ dy) + beta·dx.</summary>
    [LibraryImport(NativeLibraries.Cudnn, EntryPoint = "cudnnConvolutionBackwardData")]
    public static partial CudnnStatus ConvolutionBackwardData(
        CudnnHandle handle, float* alpha, FilterDescriptor wDescriptor, DevicePointer w, TensorDescriptor dyDescriptor,
        DevicePointer dy, ConvolutionDescriptor convolution, int algorithm, DevicePointer workspace,
        nuint workspaceBytes, float* beta, TensorDescriptor dxDescriptor, DevicePointer dx);

    /// <summary>dw = alpha·(gradient of w) + beta·dw.</summary>
    [LibraryImport(NativeLibraries.Cudnn, EntryPoint = "cudnnConvolutionBackwardFilter")]
    public static partial CudnnStatus ConvolutionBackwardFilter(
        CudnnHandle handle, float* alpha, TensorDescriptor xDescriptor, DevicePointer x, TensorDescriptor dyDescriptor,
        DevicePointer dy, ConvolutionDescriptor convolution, int algorithm, DevicePointer workspace,
        nuint workspaceBytes, float* beta, FilterDescriptor dwDescriptor, DevicePointer dw);
}
