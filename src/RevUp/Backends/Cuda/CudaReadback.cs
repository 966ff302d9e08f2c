using RevUp.Interop.Cuda;
using RevUp.Tensors;

namespace RevUp.Backends.Cuda;

/// <summary>Results in page-locked memory, and the event behind them.</summary>
internal sealed unsafe class CudaReadback : Readback
{
    private readonly DeviceQueue _queue;
    private readonly nint _memory;
    private readonly CudaEvent _arrived;
    private bool _disposed;

    public CudaReadback(DeviceQueue queue, int count)
        : base(count)
    {
        _queue = queue;
        _arrived = queue.Driver.CreateEvent(timing: false);
        _memory = queue.Driver.AllocateHost((long)count * sizeof(double));
    }

    public override void Copy(Tensor source, int offset)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset + source.Count, Count);
        _queue.Driver.CopyToHost(_memory + offset * sizeof(double), DeviceQueue.Pointer(source), source.Bytes, _queue.Stream);
    }

    public override void Mark() => _queue.Driver.Record(_arrived, _queue.Stream);

    public override ReadOnlySpan<double> Wait()
    {
        _queue.Driver.Synchronize(_arrived);
        return new((void*)_memory, Count);
    }

    protected override void Dispose(bool disposing)
    {
        if (!_disposed)
        {
            _disposed = true;
            _queue.Driver.Synchronize(_queue.Stream);
            _queue.Driver.FreeHost(_memory);
            _queue.Driver.Destroy(_arrived);
        }
    }
}
