namespace RevUp.Interop.CublasLt;

/// <summary>The result of a cuBLASLt call (cublasStatus_t).</summary>
internal enum CublasStatus
{
    /// <summary>Done.</summary>
    Success = 0,

    /// <summary>The library was not initialised, or cannot be.</summary>
    NotInitialized = 1,

    /// <summary>Memory ran out inside the library.</summary>
    AllocationFailed = 3,

    /// <summary>An argument is wrong.</summary>
    InvalidValue = 7,

    /// <summary>The device lacks a feature.</summary>
    ArchitectureMismatch = 8,

    /// <summary>Device memory could not be accessed.</summary>
    MappingError = 11,

    /// <summary>A kernel failed.</summary>
    ExecutionFailed = 13,

    /// <summary>An error inside the library.</summary>
    InternalError = 14,

    /// <summary>Valid, but not supported.</summary>
    NotSupported = 15,

    /// <summary>A licence is missing.</summary>
    LicenseError = 16,
}

/// <summary>How an element is stored (cudaDataType).</summary>
internal enum CublasDataType
{
    /// <summary>IEEE binary32, 4 bytes.</summary>
    [SuppressMessage("Naming", "CA1720", Justification = "The standard name of the type.")]
    Float32 = 0,
}

/// <summary>The arithmetic of a product (cublasComputeType_t).</summary>
internal enum CublasComputeType
{
    /// <summary>float32 products and sums.</summary>
    [SuppressMessage("Naming", "CA1720", Justification = "The standard name of the type.")]
    Float32 = 68,
}

/// <summary>Operation on an operand before the product (cublasOperation_t).</summary>
internal enum CublasOperation
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>It is transposed.</summary>
    Transpose = 1,
}

/// <summary>Settings of a product (cublasLtMatmulDescAttributes_t).</summary>
internal enum CublasLtMatmulSetting
{
    /// <summary>The operation on A, 4 bytes.</summary>
    TransposeA = 3,

    /// <summary>The operation on B, 4 bytes.</summary>
    TransposeB = 4,
}

/// <summary>Conditions on an algorithm (cublasLtMatmulPreferenceAttributes_t).</summary>
internal enum CublasLtPreferenceSetting
{
    /// <summary>The largest workspace in bytes, 8 bytes.</summary>
    MaximumWorkspaceBytes = 1,

    /// <summary>The least alignment of A in bytes, 4 bytes; 256 unless set.</summary>
    MinimumAlignmentA = 5,

    /// <summary>The least alignment of B.</summary>
    MinimumAlignmentB = 6,

    /// <summary>The least alignment of C.</summary>
    MinimumAlignmentC = 7,

    /// <summary>The least alignment of D.</summary>
    MinimumAlignmentD = 8,
}
