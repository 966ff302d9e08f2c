namespace RevUp.Distributed;

/// <summary>
/// Time in which ranks stood in the sums and messages of one step, in milliseconds. A rank that
/// comes early waits there for the others. The slowest rank comes last: its time is the time of
/// the messages alone.
/// </summary>
/// <param name="First">Of rank 0.</param>
/// <param name="SlowestRank">Number of the rank that stood there for the least time.</param>
/// <param name="Slowest">Of that rank.</param>
internal readonly record struct RankWait(double First, int SlowestRank, double Slowest)
{
    /// <summary>
    /// Means of several steps, with the rank that was the slowest most often; null of none.
    /// </summary>
    public static RankWait? Mean(IReadOnlyCollection<RankWait> waits) => waits.Count == 0 ? null : new RankWait(
        waits.Average(wait => wait.First), waits.CountBy(wait => wait.SlowestRank).MaxBy(entry => entry.Value).Key,
        waits.Average(wait => wait.Slowest));
}
