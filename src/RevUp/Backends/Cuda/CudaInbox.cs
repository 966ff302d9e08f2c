using RevUp.Interop.Cuda;

namespace RevUp.Backends.Cuda;

/// <summary>
/// A separate stream for copies from the host, so that they run while the device computes. Two
/// events order this stream with the stream of the work. The host waits for neither event.
/// </summary>
internal sealed class CudaInbox : IDisposable
{
    private readonly DeviceQueue _queue;
    private readonly CudaStaging _staging;
    private readonly CudaStream _copies;
    private readonly CudaEvent _arrived;
    private readonly CudaEvent _released;

    public CudaInbox(DeviceQueue queue, CudaStaging staging)
    {
        _queue = queue;
        _staging = staging;
        _copies = queue.Driver.CreateStream();
        _arrived = queue.Driver.CreateEvent(timing: false);
        _released = queue.Driver.CreateEvent(timing: false);
        Release();
    }

    public void Stage<T>(ReadOnlySpan<T> source, DevicePointer destination) where T : unmanaged
    {
        _queue.Driver.Wait(_copies, _released);
        _staging.Upload(source, destination, _copies);
        _queue.Driver.Record(_arrived, _copies);
    }

    public void Receive() => _queue.Driver.Wait(_queue.Stream, _arrived);

    public void Release() => _queue.Driver.Record(_released, _queue.Stream);

    public void Dispose()
    {
        _queue.Driver.Synchronize(_copies);
        _queue.Driver.Destroy(_arrived);
        _queue.Driver.Destroy(_released);
        _queue.Driver.Destroy(_copies);
    }
}
