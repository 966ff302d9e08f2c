namespace RevUp.Interop.Nccl;

/// <summary>The result of an NCCL call (ncclResult_t).</summary>
internal enum NcclResult
{
    /// <summary>Done, or enqueued.</summary>
    Success = 0,

    /// <summary>A call of CUDA failed.</summary>
    UnhandledCudaError = 1,

    /// <summary>A call of the system failed, such as one of a socket.</summary>
    SystemError = 2,

    /// <summary>An error inside the library, or a kind of network that it cannot use.</summary>
    InternalError = 3,

    /// <summary>An argument is wrong.</summary>
    InvalidArgument = 4,

    /// <summary>The call is wrong at this time.</summary>
    InvalidUsage = 5,

    /// <summary>Another rank has ended, or cannot be reached.</summary>
    RemoteError = 6,

    /// <summary>A call that does not block goes on.</summary>
    InProgress = 7,

    /// <summary>A wait inside the library took too long.</summary>
    Timeout = 8,
}

/// <summary>How an element is stored (ncclDataType_t).</summary>
internal enum NcclType
{
    /// <summary>A byte with a sign.</summary>
    SByte = 0,

    /// <summary>A byte.</summary>
    Byte = 1,

    /// <summary>IEEE binary32, 4 bytes.</summary>
    [SuppressMessage("Naming", "CA1720", Justification = "The standard name of the type.")]
    Float32 = 7,

    /// <summary>IEEE binary64, 8 bytes.</summary>
    [SuppressMessage("Naming", "CA1720", Justification = "The standard name of the type.")]
    Float64 = 8,
}

/// <summary>How elements of several ranks become one (ncclRedOp_t).</summary>
internal enum NcclOperation
{
    /// <summary>Their sum.</summary>
    Sum = 0,

    /// <summary>The largest.</summary>
    Maximum = 2,
}
