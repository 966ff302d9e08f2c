using System.Diagnostics;
using RevUp.Data;
using RevUp.Tensors;

namespace RevUp.Benchmarks.Studies;

/// <summary>
/// How many of a loader's workers are inside a reader at once, with readers that wait, as for a
/// slow disk.
/// </summary>
internal static class BusyWorkers
{
    public const int Workers = 16;
    public const int Milliseconds = 2;
    private const int BatchSize = 128;
    private const int Batches = 40;

    /// <summary>Time inside readers over the time that the batches took.</summary>
    public static double Measure()
    {
        using WaitingDataset data = new((Batches + 1) * BatchSize);
        using BatchLoader loader = new(
            data, new ChannelNormalization([0], [1]), new() { BatchSize = BatchSize, Workers = Workers });
        (long start, long inside) = (0, 0);
        foreach (Batch batch in loader.Epoch(0).Take(Batches))
        {
            // The first batch starts the threads.
            if (batch.Index == 0)
            {
                (start, inside) = (Stopwatch.GetTimestamp(), data.Inside);
            }
        }
        return (double)(data.Inside - inside) / (Stopwatch.GetTimestamp() - start);
    }

    // Grey images of one pixel.
    private sealed class WaitingDataset(int count) : ImageDataset
    {
        private long _inside;

        /// <summary>Ticks of the stopwatch that all readers have waited.</summary>
        public long Inside => Interlocked.Read(ref _inside);

        public override int Count => count;

        public override IReadOnlyList<string> Classes => ["a", "b"];

        public override Shape Sample => new(1, 1, 1, 1);

        public override int Label(int index) => index % 2;

        public override SampleReader OpenReader() => new Reader(this);

        private sealed class Reader(WaitingDataset data) : ImageReader(data.Sample)
        {
            private readonly ManualResetEvent _never = new(false);
            private readonly byte[] _pixel = new byte[1];

            protected override ReadOnlySpan<byte> Read(int index, Framing framing)
            {
                long start = Stopwatch.GetTimestamp();
                _never.WaitOne(Milliseconds);
                Interlocked.Add(ref data._inside, Stopwatch.GetTimestamp() - start);
                return _pixel;
            }

            protected override void Dispose(bool disposing)
            {
                _never.Dispose();
                base.Dispose(disposing);
            }
        }
    }
}
