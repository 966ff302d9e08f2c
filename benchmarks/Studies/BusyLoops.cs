namespace RevUp.Benchmarks.Studies;

/// <summary>
/// Neighbours: processes that each keep one processor busy until this object is disposed.
/// </summary>
internal sealed class BusyLoops : IDisposable
{
    /// <summary>Command of the process.</summary>
    public const string WorkerName = "busy-loop";

    private readonly Worker[] _workers;

    /// <summary>Starts the processes and waits until each of them computes.</summary>
    /// <param name="count">Number of processes.</param>
    public BusyLoops(int count)
    {
        _workers = [.. Enumerable.Range(0, count).Select(_ => new Worker(Worker.Self(WorkerName)))];
        foreach (Worker worker in _workers)
        {
            worker.Ask<bool>();
        }
    }

    /// <summary>Computes on a thread beside the one that waits for the end of the input.</summary>
    public static void Work(string[] arguments)
    {
        Thread thread = new(Compute) { IsBackground = true };
        thread.Start();
        Worker.Serve(() => true);
    }

    /// <inheritdoc/>
    public void Dispose() => Array.ForEach(_workers, worker => worker.Dispose());

    private static void Compute()
    {
        ulong state = 1;
        while (state != 0)
        {
            // A xorshift generator never reaches zero.
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
        }
    }
}
