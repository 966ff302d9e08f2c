using RevUp.Interop.Cuda;

namespace RevUp.Backends.Cuda;

/// <summary>
/// Events in the stream of the work, used again after each <see cref="Read"/>. A tick is about half
/// a microsecond.
/// </summary>
internal sealed class CudaClock(DeviceQueue queue) : DeviceClock
{
    private readonly List<CudaEvent> _events = [];
    private int _count;

    public override int Count => _count;

    public override void Mark()
    {
        if (_count == _events.Count)
        {
            _events.Add(queue.Driver.CreateEvent(timing: true));
        }
        queue.Driver.Record(_events[_count++], queue.Stream);
    }

    public override void Read(List<double> milliseconds)
    {
        if (_count > 0)
        {
            queue.Driver.Synchronize(_events[_count - 1]);
        }
        for (int i = 1; i < _count; i++)
        {
            milliseconds.Add(queue.Driver.ElapsedMilliseconds(_events[i - 1], _events[i]));
        }
        _count = 0;
    }

    public override void Dispose()
    {
        _events.ForEach(queue.Driver.Destroy);
        _events.Clear();
    }
}
