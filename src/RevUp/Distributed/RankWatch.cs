using RevUp.Interop.Posix;

namespace RevUp.Distributed;

/// <summary>
/// Ends this process with a message when a call of a library, which cannot be interrupted, takes
/// longer than the ranks' deadline; disposed once the call is over.
/// </summary>
internal sealed class RankWatch : IDisposable
{
    private readonly Timer _timer;

    /// <param name="ranks">Of the deadline and the message.</param>
    /// <param name="what">Object of the wait, for the message.</param>
    public RankWatch(Collective ranks, string what) =>
        _timer = new Timer(_ => End(ranks, what), null, ranks.Deadline, Timeout.InfiniteTimeSpan);

    /// <summary>Ends the process as a rank that has lost another one.</summary>
    public static void End(Collective ranks, string what)
    {
        Console.Error.WriteLine($"[{ranks.Place}] error: {ranks.Lost(what)}");
        ProcessEnd.Now(1);
    }

    public void Dispose() => _timer.Dispose();
}
