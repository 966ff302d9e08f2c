using RevUp.Interop.Cuda;
using RevUp.Tensors;

namespace RevUp.Backends.Cuda;

/// <summary>A CUDA graph, captured from the stream of the work and launched into it.</summary>
internal sealed class CudaRecordedWork : RecordedWork
{
    private readonly DeviceQueue _queue;
    private readonly CudaGraphExec _executable;

    public CudaRecordedWork(Backend backend, DeviceQueue queue, Action issue)
        : base(backend)
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

    public override void Replay()
    {
        RequireOpen();
        _queue.Driver.Launch(_executable, _queue.Stream);
    }

    protected override void Close(Arena memory) => _queue.Driver.Destroy(_executable);

    // The stream must leave its capture also when the work cannot be issued; what is thrown then
    // says more than the capture's own end.
    private static CudaGraph Capture(DeviceQueue queue, Action issue)
    {
        queue.Driver.BeginCapture(queue.Stream);
        queue.IsRecording = true;
        try
        {
            issue();
        }
        catch
        {
            Abandon(queue);
            throw;
        }
        finally
        {
            queue.IsRecording = false;
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
