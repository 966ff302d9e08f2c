namespace RevUp.Benchmarks.Studies;

/// <summary>Time of one contender beside a number of busy neighbours.</summary>
/// <param name="Work">Work of every contender of the section.</param>
/// <param name="Contender">Who does it.</param>
/// <param name="Neighbours">Busy loops beside it.</param>
/// <param name="Rounds">Rounds.</param>
/// <param name="Milliseconds">Time of a step or a prediction.</param>
/// <param name="OfIdle">Median over the contender's own median without neighbours.</param>
/// <param name="OfPeer">Ratio to the peer in the same round; null without a peer.</param>
/// <param name="Origin">Command, machine and sources.</param>
internal sealed record NeighbourRow(
    string Work,
    string Contender,
    int Neighbours,
    int Rounds,
    Quartiles Milliseconds,
    double OfIdle,
    Quartiles? OfPeer,
    Origin Origin) : IMeasured
{
    /// <summary>Headings of <see cref="Cells"/>.</summary>
    public static readonly string[] Columns =
        ["contender", "busy loops", "ms (quartiles)", "of its idle time", "of the peer's time", "n"];

    /// <summary>The row of a table.</summary>
    public string[] Cells() =>
    [
        Contender,
        $"{Neighbours}",
        $"{Milliseconds.Median:F1} ({Milliseconds.First:F1} to {Milliseconds.Third:F1})",
        $"{OfIdle:F2}",
        OfPeer is null ? "" : $"{OfPeer.Median:F2} ({OfPeer.First:F2} to {OfPeer.Third:F2})",
        $"{Rounds}",
    ];
}
