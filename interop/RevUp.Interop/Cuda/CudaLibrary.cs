namespace RevUp.Interop.Cuda;

/// <summary>
/// The part of the CUDA driver API that RevUp calls, one method per function, in the versions that
/// CUDA 12 and 13 share; NVIDIA's manual is the contract. Calls act on the calling thread's current
/// context. Work on streams is asynchronous: its failure is returned by a later call. Sizes are
/// bytes; every method returns a result, see <see cref="CudaResultExtensions.Check"/>.
/// </summary>
internal static unsafe partial class CudaLibrary
{
    /// <summary>The oldest driver that runs the kernels, as 1000·major + 10·minor.</summary>
    public const int OldestVersion = 12_000;

    static CudaLibrary() => NativeLibraries.Register();

    /// <summary>Initialises the driver; flags are 0.</summary>
    [LibraryImport(NativeLibraries.Cuda, EntryPoint = "cuInit")]
    public static partial CudaResult Init(uint flags);

    /// <summary>The newest CUDA that the driver supports, as 1000·major + 10·minor.</summary>
    [LibraryImport(NativeLibraries.Cuda, EntryPoint = "cuDriverGetVersion")]
    public static partial CudaResult DriverGetVersion(int* version);

    /// <summary>The name of a code, such as CUDA_ERROR_OUT_OF_MEMORY; static memory.</summary>
    [LibraryImport(NativeLibraries.Cuda, EntryPoint = "cuGetErrorName")]
    public static partial CudaResult GetErrorName(CudaResult result, byte** name);

    /// <summary>A sentence about a code; static memory.</summary>
    [LibraryImport(NativeLibraries.Cuda, EntryPoint = "cuGetErrorString")]
    public static partial CudaResult GetErrorString(CudaResult result, byte** words);

    /// <summary>The number of devices.</summary>
    [LibraryImport(NativeLibraries.Cuda, EntryPoint = "cuDeviceGetCount")]
    public static partial CudaResult DeviceGetCount(int* count);

    /// <summary>The device of an ordinal.</summary>
    [LibraryImport(NativeLibraries.Cuda, EntryPoint = "cuDeviceGet")]
    public static partial CudaResult DeviceGet(int* device, int ordinal);

    /// <summary>Writes the zero-terminated name.</summary>
    [LibraryImport(NativeLibraries.Cuda, EntryPoint = "cuDeviceGetName")]
    public static partial CudaResult DeviceGetName(byte* name, int capacity, int device);

    /// <summary>One property.</summary>
    [LibraryImport(NativeLibraries.Cuda, EntryPoint = "cuDeviceGetAttribute")]
    public static partial CudaResult DeviceGetAttribute(int* value, CudaDeviceProperty attribute, int device);

    /// <summary>The device's memory.</summary>
    [LibraryImport(NativeLibraries.Cuda, EntryPoint = "cuDeviceTotalMem_v2")]
    public static partial CudaResult DeviceTotalMem(nuint* bytes, int device);

    /// <summary>
    /// The context that every library in the process shares; each retain needs a release.
    /// </summary>
    [LibraryImport(NativeLibraries.Cuda, EntryPoint = "cuDevicePrimaryCtxRetain")]
    public static partial CudaResult DevicePrimaryCtxRetain(CudaContext* context, int device);

    /// <summary>Gives a retained context back.</summary>
    [LibraryImport(NativeLibraries.Cuda, EntryPoint = "cuDevicePrimaryCtxRelease_v2")]
    public static partial CudaResult DevicePrimaryCtxRelease(int device);

    /// <summary>Binds a context to the calling thread.</summary>
    [LibraryImport(NativeLibraries.Cuda, EntryPoint = "cuCtxSetCurrent")]
    public static partial CudaResult CtxSetCurrent(CudaContext context);

    /// <summary>The calling thread's context, null when it has none.</summary>
    [LibraryImport(NativeLibraries.Cuda, EntryPoint = "cuCtxGetCurrent")]
    public static partial CudaResult CtxGetCurrent(CudaContext* context);

    /// <summary>Refuses a driver that is too old before it fails on the kernels.</summary>
    /// <exception cref="BadImageFormatException">
    /// The driver is too old, or the library is no driver.
    /// </exception>
    internal static void VerifyVersion(nint library, string place)
    {
        int version = 0;
        if (!NativeLibrary.TryGetExport(library, "cuDriverGetVersion", out nint function))
        {
            throw new BadImageFormatException(
                $"The library {place} is no CUDA driver: it has no cuDriverGetVersion. Name the right file in "
                + "REVUP_CUDA_LIBRARY.", place);
        }

        CudaResult result = ((delegate* unmanaged<int*, CudaResult>)function)(&version);
        if (result != CudaResult.Success || version < OldestVersion)
        {
            throw new BadImageFormatException(
                $"The CUDA driver {place} supports CUDA {version / 1000}.{version % 1000 / 10} (result {(int)result}), "
                + "but RevUp's kernels need 12.0. Update NVIDIA's driver to 525 or newer, or train with --device cpu.",
                place);
        }
    }
}
