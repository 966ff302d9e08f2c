using RevUp.Interop.Cuda;
using RevUp.Tensors;

namespace RevUp.Backends.Cuda;

/// <summary>Results in page-locked memory, and the event behind them.</summary>
internal sealed unsafe class CudaReadback : Readback
{
    private readonly DeviceQueue _queue;
    private readonly nint _memory;
    private readonly CudaEvent _arrived;

    public CudaReadback(Backend backend, DeviceQueue queue, int count)
        : base(backend, count)
    {
        _queue = queue;
        _arrived = queue.Driver.CreateEvent(timing: false);
        _memory = queue.Driver.AllocateHost((long)count * sizeof(double));
    }

    public override bool IsThere
    {
        get
        {
            RequireOpen();
            return _queue.Driver.IsReached(_arrived);
        }
    }

    public override void Copy(Tensor source, int offset)
    {
        RequireOpen();
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset + source.Count, Count);
        _queue.Driver.CopyToHost(
            _memory + offset * sizeof(double), DeviceQueue.Pointer(source), source.Bytes, _queue.Stream);
        _queue.Issued("copy to the host");
    }

    public override void Mark()
    {
        RequireOpen();
        _queue.Driver.Record(_arrived, _queue.Stream);
    }

    public override ReadOnlySpan<double> Wait()
    {
        RequireOpen();
        _queue.Driver.Synchronize(_arrived);
        return new((void*)_memory, Count);
    }

    protected override void Close(Arena memory)
    {
        _queue.Driver.Synchronize(_queue.Stream);
        _queue.Driver.FreeHost(_memory);
        _queue.Driver.Destroy(_arrived);
    }
}
