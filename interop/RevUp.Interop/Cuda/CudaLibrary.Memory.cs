namespace RevUp.Interop.Cuda;

internal static unsafe partial class CudaLibrary
{
    /// <summary>Free and total memory of the current context's device.</summary>
    [LibraryImport(NativeLibraries.Cuda, EntryPoint = "cuMemGetInfo_v2")]
    public static partial CudaResult MemGetInfo(nuint* free, nuint* total);

    /// <summary>Allocates device memory, aligned to 256 bytes at least.</summary>
    [LibraryImport(NativeLibraries.Cuda, EntryPoint = "cuMemAlloc_v2")]
    public static partial CudaResult MemAlloc(DevicePointer* pointer, nuint bytes);

    /// <summary>Frees device memory; waits for the device.</summary>
    [LibraryImport(NativeLibraries.Cuda, EntryPoint = "cuMemFree_v2")]
    public static partial CudaResult MemFree(DevicePointer pointer);

    /// <summary>Allocates page-locked host memory, which asynchronous copies need.</summary>
    [LibraryImport(NativeLibraries.Cuda, EntryPoint = "cuMemHostAlloc")]
    public static partial CudaResult MemHostAlloc(void** pointer, nuint bytes, uint flags);

    /// <summary>Frees page-locked host memory.</summary>
    [LibraryImport(NativeLibraries.Cuda, EntryPoint = "cuMemFreeHost")]
    public static partial CudaResult MemFreeHost(void* pointer);

    /// <summary>
    /// Host to device, on a stream; the host memory must stay as it is until the copy is done.
    /// </summary>
    [LibraryImport(NativeLibraries.Cuda, EntryPoint = "cuMemcpyHtoDAsync_v2")]
    public static partial CudaResult MemcpyHtoDAsync(
        DevicePointer destination, void* source, nuint bytes, CudaStream stream);

    /// <summary>Device to host, on a stream.</summary>
    [LibraryImport(NativeLibraries.Cuda, EntryPoint = "cuMemcpyDtoHAsync_v2")]
    public static partial CudaResult MemcpyDtoHAsync(
        void* destination, DevicePointer source, nuint bytes, CudaStream stream);

    /// <summary>Within the device, on a stream.</summary>
    [LibraryImport(NativeLibraries.Cuda, EntryPoint = "cuMemcpyDtoDAsync_v2")]
    public static partial CudaResult MemcpyDtoDAsync(
        DevicePointer destination, DevicePointer source, nuint bytes, CudaStream stream);

    /// <summary>Fills with one byte, on a stream.</summary>
    [LibraryImport(NativeLibraries.Cuda, EntryPoint = "cuMemsetD8Async")]
    public static partial CudaResult MemsetD8Async(
        DevicePointer destination, byte value, nuint count, CudaStream stream);

    /// <summary>Fills with one 4-byte word, on a stream; the address is a multiple of 4.</summary>
    [LibraryImport(NativeLibraries.Cuda, EntryPoint = "cuMemsetD32Async")]
    public static partial CudaResult MemsetD32Async(
        DevicePointer destination, uint value, nuint count, CudaStream stream);
}
