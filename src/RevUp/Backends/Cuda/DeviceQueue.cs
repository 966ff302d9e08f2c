using RevUp.Interop;
using RevUp.Interop.Cuda;
using RevUp.Interop.Nvtx;
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

    /// <summary>
    /// Whether the host waits behind every operation, so that a failure names the one that caused
    /// it. For finding faults.
    /// </summary>
    public bool WaitsForEach { get; set; }

    /// <summary>Operations issued so far: kernels, copies and calls of libraries.</summary>
    public long Launches { get; private set; }

    /// <summary>Whether work is recorded instead of being done.</summary>
    public bool IsRecording { get; set; }

    /// <summary>
    /// Operations issued from now on, each with the ranges that it is in; null where nobody asks.
    /// </summary>
    public List<(string Operation, string Ranges)>? Noted { get; set; }

    /// <summary>
    /// Counts the operation that was just issued, and waits for it under
    /// <see cref="WaitsForEach"/>.
    /// </summary>
    /// <exception cref="NativeException">
    /// The operation failed, under <see cref="WaitsForEach"/>.
    /// </exception>
    public void Issued(string operation)
    {
        Launches++;
        Noted?.Add((operation, NvtxRange.Path));
        if (!WaitsForEach)
        {
            return;
        }
        try
        {
            Driver.Synchronize(Stream);
        }
        catch (NativeException exception)
        {
            throw new NativeException(
                $"the operation {operation.Replace('(', ' ').TrimEnd(')')}", exception.Status,
                "it is the first that failed on the device",
                "Report it with the output of `revup devices`, or look at it with compute-sanitizer.");
        }
    }

    /// <summary>Where a tensor is, as the driver's calls take it.</summary>
    public static DevicePointer Pointer(Tensor tensor) => new((ulong)tensor.Address);

    public void Dispose()
    {
        Driver.Synchronize(Stream);
        Driver.Destroy(Stream);
        Driver.Dispose();
    }
}
