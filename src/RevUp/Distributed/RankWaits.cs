namespace RevUp.Distributed;

/// <summary>
/// Measures the wait of ranks that meet on the host, step by step. A call allocates nothing.
/// </summary>
/// <param name="ranks">More than one.</param>
internal sealed class RankWaits(Collective ranks)
{
    private readonly double[] _own = new double[1];
    private readonly double[] _all = new double[ranks.Size];
    private TimeSpan _start;

    /// <summary>Of the last step that came to its end.</summary>
    public RankWait Last { get; private set; }

    /// <summary>Begins a step.</summary>
    public void Begin() => _start = ranks.Waited;

    /// <summary>Ends a step: every rank tells the others its wait.</summary>
    public void End()
    {
        _own[0] = (ranks.Waited - _start).TotalMilliseconds;
        ranks.Gather(MemoryMarshal.AsBytes(_own.AsSpan()), MemoryMarshal.AsBytes(_all.AsSpan()), "the waits");
        int slowest = 0;
        for (int rank = 1; rank < _all.Length; rank++)
        {
            slowest = _all[rank] < _all[slowest] ? rank : slowest;
        }
        Last = new RankWait(_all[0], slowest, _all[slowest]);
    }
}
