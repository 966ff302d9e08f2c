using RevUp.Interop.Cuda;
using RevUp.Tensors;

namespace RevUp.Backends.Cuda;

/// <summary>Time as the device measures it.</summary>
public sealed partial class CudaBackend
{
    /// <summary>
    /// The times between events in the stream, one before the first call and one behind each; a
    /// tick is about half a microsecond.
    /// </summary>
    public override double[] Time(int repeats, Action work)
    {
        using Driving driving = Drive();
        ICudaDriver driver = Queue.Driver;
        CudaEvent[] marks = new CudaEvent[repeats + 1];
        int created = 0;
        try
        {
            for (; created < marks.Length; created++)
            {
                marks[created] = driver.CreateEvent(timing: true);
            }
            driver.Record(marks[0], _queue.Stream);
            for (int i = 1; i < marks.Length; i++)
            {
                work();
                driver.Record(marks[i], _queue.Stream);
            }
            driver.Synchronize(marks[^1]);
            return [.. marks.Zip(marks.Skip(1), (before, after) => (double)driver.ElapsedMilliseconds(before, after))];
        }
        finally
        {
            foreach (CudaEvent mark in marks.AsSpan(0, created))
            {
                driver.Destroy(mark);
            }
        }
    }
}
