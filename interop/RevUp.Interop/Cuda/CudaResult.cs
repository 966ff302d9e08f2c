namespace RevUp.Interop.Cuda;

/// <summary>
/// The result of a driver call (CUresult): the codes that RevUp's calls return; others print as a
/// number beside the driver's name for it.
/// </summary>
internal enum CudaResult
{
    /// <summary>Done.</summary>
    Success = 0,

    /// <summary>An argument is out of range.</summary>
    InvalidValue = 1,

    /// <summary>The device has no memory left for the request.</summary>
    OutOfMemory = 2,

    /// <summary>cuInit was not called, or failed.</summary>
    NotInitialized = 3,

    /// <summary>The driver is shutting down.</summary>
    Deinitialized = 4,

    /// <summary>The toolkit's stub was loaded in place of the driver.</summary>
    StubLibrary = 34,

    /// <summary>Another process holds the device exclusively.</summary>
    DeviceUnavailable = 46,

    /// <summary>No CUDA device.</summary>
    NoDevice = 100,

    /// <summary>No device of that ordinal.</summary>
    InvalidDevice = 101,

    /// <summary>The image is no device code.</summary>
    InvalidImage = 200,

    /// <summary>No context is current, or not a valid one.</summary>
    InvalidContext = 201,

    /// <summary>The image has no code for this device.</summary>
    NoBinaryForGpu = 209,

    /// <summary>Memory failed.</summary>
    EccUncorrectable = 214,

    /// <summary>The PTX does not compile.</summary>
    InvalidPtx = 218,

    /// <summary>A link between devices failed.</summary>
    NvlinkUncorrectable = 220,

    /// <summary>No PTX compiler.</summary>
    JitCompilerNotFound = 221,

    /// <summary>The PTX is newer than the driver.</summary>
    UnsupportedPtxVersion = 222,

    /// <summary>A handle is not valid.</summary>
    InvalidHandle = 400,

    /// <summary>Not in this state.</summary>
    IllegalState = 401,

    /// <summary>No kernel of that name.</summary>
    NotFound = 500,

    /// <summary>Still running; no error.</summary>
    NotReady = 600,

    /// <summary>A kernel touched memory that is not allocated.</summary>
    IllegalAddress = 700,

    /// <summary>A launch needs more registers, threads or shared memory than there are.</summary>
    LaunchOutOfResources = 701,

    /// <summary>A kernel ran too long for a device that also drives a display.</summary>
    LaunchTimeout = 702,

    /// <summary>The context is gone.</summary>
    ContextIsDestroyed = 709,

    /// <summary>A device assertion failed.</summary>
    Assert = 710,

    /// <summary>A stack error on the device.</summary>
    HardwareStackError = 714,

    /// <summary>A kernel met an instruction that is none.</summary>
    IllegalInstruction = 715,

    /// <summary>A kernel accessed an address that is not aligned.</summary>
    MisalignedAddress = 716,

    /// <summary>A kernel used an address of another space.</summary>
    InvalidAddressSpace = 717,

    /// <summary>A program counter is wrong.</summary>
    InvalidPc = 718,

    /// <summary>A kernel failed.</summary>
    LaunchFailed = 719,

    /// <summary>Not permitted.</summary>
    NotPermitted = 800,

    /// <summary>This driver or device cannot do it.</summary>
    NotSupported = 801,

    /// <summary>The system's daemons are not ready.</summary>
    SystemNotReady = 802,

    /// <summary>Kernel module and user library of the driver differ.</summary>
    SystemDriverMismatch = 803,

    /// <summary>The compatibility package does not support this device.</summary>
    CompatNotSupportedOnDevice = 804,

    /// <summary>The call cannot be captured.</summary>
    StreamCaptureUnsupported = 900,

    /// <summary>An earlier error ended the capture.</summary>
    StreamCaptureInvalidated = 901,

    /// <summary>The call would join two captures.</summary>
    StreamCaptureMerge = 902,

    /// <summary>The capture did not begin on this stream.</summary>
    StreamCaptureUnmatched = 903,

    /// <summary>A stream of the capture was not joined.</summary>
    StreamCaptureUnjoined = 904,

    /// <summary>Work in the capture depends on work outside.</summary>
    StreamCaptureIsolation = 905,

    /// <summary>The call would use the default stream.</summary>
    StreamCaptureImplicit = 906,

    /// <summary>An event of a capture was used outside.</summary>
    CapturedEvent = 907,

    /// <summary>The capture ended on another thread.</summary>
    StreamCaptureWrongThread = 908,

    /// <summary>Unknown to the driver, too.</summary>
    Unknown = 999,
}
