using RevUp.Interop.Cuda;

namespace RevUp.Backends.Cuda;

/// <summary>A CUDA graph, captured from the stream of the work and launched into it.</summary>
internal sealed class CudaRecordedWork : RecordedWork
{
    private readonly DeviceQueue _queue;
    private readonly CudaGraphExec _executable;
    private bool _disposed;

    public CudaRecordedWork(DeviceQueue queue, Action issue)
    {
        _queue = queue;
        CudaGraph graph = Capture(queue, issue);
        try
        {
            _executable = queue.Driver.Instantiate(graph);
        }
        finally
        {
            queue.Driver.Destroy(graph);
        }
    }

    public override void Replay() => _queue.Driver.Launch(_executable, _queue.Stream);

    protected override void Dispose(bool disposing)
    {
        if (!_disposed)
        {
            _disposed = true;
            _queue.Driver.Destroy(_executable);
        }
    }

    // The stream must leave its capture also when the work cannot be issued; what is thrown then says more than the capture's own end.
    private static CudaGraph Capture(DeviceQueue queue, Action issue)
    {
        queue.Driver.BeginCapture(queue.Stream);
        try
        {
            issue();
        }
        catch
        {
            Abandon(queue);
            throw;
        }
        return queue.Driver.EndCapture(queue.Stream);
    }

    private static void Abandon(DeviceQueue queue)
    {
        try
        {
            queue.Driver.Destroy(queue.Driver.EndCapture(queue.Stream));
        }
        catch (Interop.NativeException)
        {
            // An invalidated capture ends with an error and without a graph.
        }
    }
}
