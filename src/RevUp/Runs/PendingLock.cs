namespace RevUp.Runs;

/// <summary>
/// The lock of a run that is being opened. It is released again unless the run is complete.
/// </summary>
/// <remarks>
/// An existing folder is locked at once, so that no other run removes a checkpoint that this run
/// reads. A missing folder is made only when all else works.
/// </remarks>
internal sealed class PendingLock(string folder) : IDisposable
{
    private RunLock? _lock = Directory.Exists(folder) ? RunLock.Take(folder) : null;

    /// <summary>Hands the lock over to the run.</summary>
    public RunLock Keep()
    {
        RunLock kept = _lock ?? RunLock.Take(folder);
        _lock = null;
        return kept;
    }

    public void Dispose() => _lock?.Dispose();
}
