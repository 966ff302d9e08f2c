using System.Diagnostics;

namespace RevUp.Backends;

/// <summary>Wall time, for a device that is done when an operation returns.</summary>
internal sealed class HostClock : DeviceClock
{
    private readonly List<long> _marks = [];

    public override int Count => _marks.Count;

    public override void Mark() => _marks.Add(Stopwatch.GetTimestamp());

    public override void Read(List<double> milliseconds)
    {
        for (int i = 1; i < _marks.Count; i++)
        {
            milliseconds.Add(Stopwatch.GetElapsedTime(_marks[i - 1], _marks[i]).TotalMilliseconds);
        }
        _marks.Clear();
    }

    public override void Dispose()
    {
    }
}
