namespace RevUp.Interop.Cuda;

/// <summary>Properties of a device that RevUp asks for (CUdevice_attribute).</summary>
internal enum CudaDeviceProperty
{
    /// <summary>Multiprocessors.</summary>
    MultiprocessorCount = 16,

    /// <summary>Major part of the compute capability.</summary>
    ComputeCapabilityMajor = 75,

    /// <summary>Minor part of the compute capability.</summary>
    ComputeCapabilityMinor = 76,
}

/// <summary>How a stream relates to the default stream (CUstream_flags).</summary>
internal enum CudaStreamKind : uint
{
    /// <summary>Waits for work on the default stream.</summary>
    Default = 0,

    /// <summary>Runs independently of the default stream.</summary>
    NonBlocking = 1,
}

/// <summary>Content of an event (CUevent_flags).</summary>
internal enum CudaEventKind : uint
{
    /// <summary>Its time.</summary>
    Default = 0,

    /// <summary>No time, which makes it cheaper.</summary>
    DisableTiming = 2,
}

/// <summary>Whose unsafe calls end a capture (CUstreamCaptureMode).</summary>
internal enum CudaCaptureMode
{
    /// <summary>Calls of every thread.</summary>
    Global = 0,

    /// <summary>
    /// Calls of the capturing thread: other threads, such as a data loader's, go on.
    /// </summary>
    ThreadLocal = 1,

    /// <summary>Nobody's.</summary>
    Relaxed = 2,
}
