namespace RevUp.Interop.Cudnn;

internal static unsafe partial class CudnnLibrary
{
    /// <summary>
    /// Creates a tensor descriptor; use <see cref="TensorDescriptor"/>, which owns the result.
    /// </summary>
    [LibraryImport(NativeLibraries.Cudnn, EntryPoint = "cudnnCreateTensorDescriptor")]
    public static partial CudnnStatus CreateTensorDescriptor(nint* descriptor);

    /// <summary>Destroys a tensor descriptor.</summary>
    [LibraryImport(NativeLibraries.Cudnn, EntryPoint = "cudnnDestroyTensorDescriptor")]
    public static partial CudnnStatus DestroyTensorDescriptor(nint descriptor);

    /// <summary>Sets the type, the dimensions and their strides in elements.</summary>
    [LibraryImport(NativeLibraries.Cudnn, EntryPoint = "cudnnSetTensorNdDescriptor")]
    public static partial CudnnStatus SetTensorNdDescriptor(
        TensorDescriptor descriptor, CudnnDataType type, int rank, int* dimensions, int* strides);

    /// <summary>
    /// Creates a filter descriptor; use <see cref="FilterDescriptor"/>, which owns the result.
    /// </summary>
    [LibraryImport(NativeLibraries.Cudnn, EntryPoint = "cudnnCreateFilterDescriptor")]
    public static partial CudnnStatus CreateFilterDescriptor(nint* descriptor);

    /// <summary>Destroys a filter descriptor.</summary>
    [LibraryImport(NativeLibraries.Cudnn, EntryPoint = "cudnnDestroyFilterDescriptor")]
    public static partial CudnnStatus DestroyFilterDescriptor(nint descriptor);

    /// <summary>Sets the type, the order in memory and the dimensions K C/groups (D) H W.</summary>
    [LibraryImport(NativeLibraries.Cudnn, EntryPoint = "cudnnSetFilterNdDescriptor")]
    public static partial CudnnStatus SetFilterNdDescriptor(
        FilterDescriptor descriptor, CudnnDataType type, CudnnTensorFormat format, int rank, int* dimensions);

    /// <summary>
    /// Creates a convolution descriptor; use <see cref="ConvolutionDescriptor"/>, which owns the
    /// result.
    /// </summary>
    [LibraryImport(NativeLibraries.Cudnn, EntryPoint = "cudnnCreateConvolutionDescriptor")]
    public static partial CudnnStatus CreateConvolutionDescriptor(nint* descriptor);

    /// <summary>Destroys a convolution descriptor.</summary>
    [LibraryImport(NativeLibraries.Cudnn, EntryPoint = "cudnnDestroyConvolutionDescriptor")]
    public static partial CudnnStatus DestroyConvolutionDescriptor(nint descriptor);

    /// <summary>Sets the spatial numbers, outermost first, and the accumulator's type.</summary>
    [LibraryImport(NativeLibraries.Cudnn, EntryPoint = "cudnnSetConvolutionNdDescriptor")]
    public static partial CudnnStatus SetConvolutionNdDescriptor(
        ConvolutionDescriptor descriptor, int spatialRank, int* padding, int* stride, int* dilation,
        CudnnConvolutionMode mode, CudnnDataType computeType);

    /// <summary>Sets which arithmetic may be used.</summary>
    [LibraryImport(NativeLibraries.Cudnn, EntryPoint = "cudnnSetConvolutionMathType")]
    public static partial CudnnStatus SetConvolutionMathType(ConvolutionDescriptor descriptor, CudnnMathType mathType);

    /// <summary>Sets the number of groups.</summary>
    [LibraryImport(NativeLibraries.Cudnn, EntryPoint = "cudnnSetConvolutionGroupCount")]
    public static partial CudnnStatus SetConvolutionGroupCount(ConvolutionDescriptor descriptor, int groups);
}
