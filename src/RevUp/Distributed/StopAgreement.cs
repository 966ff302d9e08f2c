namespace RevUp.Distributed;

/// <summary>
/// A request to stop that reaches any rank, which all ranks follow at the same place.
/// </summary>
internal sealed class StopAgreement : IDisposable
{
    private readonly CancellationToken _own;
    private readonly CancellationTokenSource? _agreed;

    /// <param name="ranks">The ranks.</param>
    /// <param name="own">Request to this rank.</param>
    public StopAgreement(Collective ranks, CancellationToken own)
    {
        (Ranks, _own) = (ranks, own);
        _agreed = ranks.IsAlone ? null : new CancellationTokenSource();
    }

    /// <summary>The ranks.</summary>
    public Collective Ranks { get; }

    /// <summary>Cancelled once all ranks know of a request.</summary>
    public CancellationToken Token => _agreed?.Token ?? _own;

    /// <summary>Whether this rank was asked to stop.</summary>
    public bool IsAsked => _own.IsCancellationRequested;

    /// <summary>Whether any rank was asked to stop, as all ranks have learnt elsewhere.</summary>
    /// <param name="any">The same on all ranks.</param>
    public bool Follow(bool any)
    {
        if (any)
        {
            _agreed?.Cancel();
        }
        return Token.IsCancellationRequested;
    }

    /// <summary>Whether any rank was asked to stop; all ranks call it together.</summary>
    public bool Check()
    {
        if (_agreed is { IsCancellationRequested: false } agreed && Ranks.Any(_own.IsCancellationRequested, "a stop"))
        {
            agreed.Cancel();
        }
        return Token.IsCancellationRequested;
    }

    /// <summary>Throws when any rank was asked to stop; all ranks call it together.</summary>
    /// <exception cref="OperationCanceledException">One was.</exception>
    public void ThrowIfStopped()
    {
        _ = Check();
        Token.ThrowIfCancellationRequested();
    }

    public void Dispose() => _agreed?.Dispose();
}
