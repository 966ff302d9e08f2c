using RevUp.Interop.Posix;

namespace RevUp.Distributed;

/// <summary>
/// Ends this process with a message when a call of a library, which cannot be interrupted, takes
/// longer than the ranks' deadline; disposed once the call is over.
/// </summary>
internal sealed class RankWatch : IDisposable
{
    private readonly Timer _timer;

    /// <param name="ranks">Of the deadline.</param>
    /// <param name="message">
    /// The error that ends the process, such as <see cref="Collective.Lost"/>.
    /// </param>
    public RankWatch(Collective ranks, string message) =>
        _timer = new Timer(_ => End(ranks, message), null, ranks.Deadline, Timeout.InfiniteTimeSpan);

    /// <summary>Ends the process as a rank that has lost another one.</summary>
    public static void End(Collective ranks, string message)
    {
        Console.Error.WriteLine($"[{ranks.Place}] error: {message}");
        ProcessEnd.Now(1);
    }

    public void Dispose() => _timer.Dispose();
}
