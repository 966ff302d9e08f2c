using RevUp.Interop.Cuda;
using RevUp.Tensors;

namespace RevUp.Backends.Cuda;

/// <summary>One GPU and the one stream that a backend issues to.</summary>
internal sealed class DeviceQueue : IDisposable
{
    /// <param name="driver">Disposed with the queue.</param>
    public DeviceQueue(ICudaDriver driver)
    {
        Driver = driver;
        try
        {
            Stream = driver.CreateStream();
        }
        catch
        {
            driver.Dispose();
            throw;
        }
    }

    public ICudaDriver Driver { get; }

    public CudaStream Stream { get; }

    /// <summary>Where a tensor is, as the driver's calls take it.</summary>
    public static DevicePointer Pointer(Tensor tensor) => new((ulong)tensor.Address);

    public void Dispose()
    {
        Driver.Synchronize(Stream);
        Driver.Destroy(Stream);
        Driver.Dispose();
    }
}
