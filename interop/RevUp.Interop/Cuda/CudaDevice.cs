namespace RevUp.Interop.Cuda;

/// <summary>One CUDA device.</summary>
/// <param name="Ordinal">Its place in the driver's list, after CUDA_VISIBLE_DEVICES.</param>
/// <param name="Name">As the driver calls it.</param>
/// <param name="ComputeCapability">Such as 9.0.</param>
/// <param name="Multiprocessors">Their number.</param>
/// <param name="MemoryBytes">All of its memory.</param>
internal sealed record CudaDevice(
    int Ordinal, string Name, Version ComputeCapability, int Multiprocessors, long MemoryBytes)
{
    // The driver truncates names to the capacity; its own samples use this one.
    private const int NameCapacity = 256;

    /// <summary>All devices; initialises the driver.</summary>
    /// <exception cref="NativeException">
    /// The driver cannot be initialised, for lack of a device among other reasons.
    /// </exception>
    internal static unsafe IReadOnlyList<CudaDevice> All()
    {
        CudaLibrary.Init(0).Check();
        int count;
        CudaLibrary.DeviceGetCount(&count).Check();
        return [.. Enumerable.Range(0, count).Select(Describe)];
    }

    private static unsafe CudaDevice Describe(int ordinal)
    {
        int device;
        CudaLibrary.DeviceGet(&device, ordinal).Check();
        byte* name = stackalloc byte[NameCapacity];
        CudaLibrary.DeviceGetName(name, NameCapacity, device).Check();
        nuint bytes;
        CudaLibrary.DeviceTotalMem(&bytes, device).Check();
        Version capability = new(
            Attribute(CudaDeviceProperty.ComputeCapabilityMajor, device),
            Attribute(CudaDeviceProperty.ComputeCapabilityMinor, device));
        return new CudaDevice(
            ordinal, Marshal.PtrToStringUTF8((nint)name) ?? "", capability,
            Attribute(CudaDeviceProperty.MultiprocessorCount, device), (long)bytes);
    }

    private static unsafe int Attribute(CudaDeviceProperty attribute, int device)
    {
        int value;
        CudaLibrary.DeviceGetAttribute(&value, attribute, device).Check();
        return value;
    }
}
