namespace RevUp.Backends.Cuda;

/// <summary>Time as the device measures it, and the window of its profilers.</summary>
public sealed partial class CudaBackend
{
    internal override DeviceClock CreateClock() => new CudaClock(Queue);

    internal override long Launches => _queue.Launches;

    internal override void Capture(bool isOpen)
    {
        Queue.Driver.Synchronize(_queue.Stream);
        if (isOpen)
        {
            _queue.Driver.StartProfiler();
        }
        else
        {
            _queue.Driver.StopProfiler();
        }
    }
}
