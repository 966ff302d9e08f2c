namespace RevUp.Backends;

/// <summary>
/// Operations that were recorded (<see cref="Backend.Record"/>) and that one call issues again. Belongs to its backend and is disposed before it.
/// </summary>
public abstract class RecordedWork : IDisposable
{
    /// <summary>Issues all of them, in order, with the addresses and numbers that they were recorded with.</summary>
    public abstract void Replay();

    /// <summary>Forgets them.</summary>
    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Forgets them.</summary>
    protected abstract void Dispose(bool disposing);
}
