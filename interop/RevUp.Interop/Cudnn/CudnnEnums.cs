namespace RevUp.Interop.Cudnn;

/// <summary>
/// The result of a cuDNN 9 call (cudnnStatus_t): its categories and the codes whose remedy differs;
/// others print as their number.
/// </summary>
internal enum CudnnStatus
{
    /// <summary>Done.</summary>
    Success = 0,

    /// <summary>The library could not initialise.</summary>
    NotInitialized = 1001,

    /// <summary>cuDNN's own libraries are of different versions.</summary>
    SublibraryVersionMismatch = 1002,

    /// <summary>One of cuDNN's own libraries could not be loaded.</summary>
    SublibraryLoadingFailed = 1008,

    /// <summary>An argument is wrong.</summary>
    BadParam = 2000,

    /// <summary>A null pointer.</summary>
    BadParamNullPointer = 2002,

    /// <summary>A pointer that is not aligned.</summary>
    BadParamMisalignedPointer = 2003,

    /// <summary>A workspace that is too small.</summary>
    BadParamSizeInsufficient = 2006,

    /// <summary>Shapes that do not fit each other.</summary>
    BadParamShapeMismatch = 2008,

    /// <summary>Valid, but not supported.</summary>
    NotSupported = 3000,

    /// <summary>An error inside the library.</summary>
    InternalError = 4000,

    /// <summary>A kernel failed.</summary>
    ExecutionFailed = 5000,
}

/// <summary>How an element is stored (cudnnDataType_t).</summary>
internal enum CudnnDataType
{
    /// <summary>IEEE binary32, 4 bytes.</summary>
    [SuppressMessage("Naming", "CA1720", Justification = "The standard name of the type.")]
    Float32 = 0,

    /// <summary>The upper half of a binary32, 2 bytes.</summary>
    BFloat16 = 9,
}

/// <summary>The order of a filter's dimensions in memory (cudnnTensorFormat_t).</summary>
internal enum CudnnTensorFormat
{
    /// <summary>K C (D) H W.</summary>
    ChannelsFirst = 0,

    /// <summary>K (D) H W C.</summary>
    ChannelsLast = 1,
}

/// <summary>Whether the kernel is flipped (cudnnConvolutionMode_t).</summary>
internal enum CudnnConvolutionMode
{
    /// <summary>Flipped, as in signal processing.</summary>
    Convolution = 0,

    /// <summary>As it is, as in deep learning.</summary>
    CrossCorrelation = 1,
}

/// <summary>Which arithmetic a convolution may use (cudnnMathType_t).</summary>
internal enum CudnnMathType
{
    /// <summary>
    /// Tensor cores where the storage type allows it; float32 operands may be rounded to TF32.
    /// </summary>
    Default = 0,

    /// <summary>Tensor cores.</summary>
    TensorOp = 1,

    /// <summary>Tensor cores, with operands rounded to a narrower type if need be.</summary>
    TensorOpAllowConversion = 2,

    /// <summary>Fused multiply-add in float32 only.</summary>
    Fma = 3,
}

/// <summary>Whether an algorithm gives the same bits each time (cudnnDeterminism_t).</summary>
internal enum CudnnDeterminism
{
    /// <summary>It adds in an order that varies.</summary>
    NonDeterministic = 0,

    /// <summary>It does.</summary>
    Deterministic = 1,
}
