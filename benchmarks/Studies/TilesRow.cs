namespace RevUp.Benchmarks.Studies;

/// <summary>One network's tiles against its whole cases.</summary>
/// <param name="Recipe">Name of the network's recipe.</param>
/// <param name="Cases">Number of cases.</param>
/// <param name="Positions">Of all cases.</param>
/// <param name="Tiles">Of all cases.</param>
/// <param name="Largest">The largest difference of logits, in parts of their range.</param>
/// <param name="Mean">Mean over the positions of the largest difference of a position.</param>
/// <param name="EqualLabels">Share of positions with the same label.</param>
/// <param name="WholeDice">Mean Dice of the foreground over the cases, computed whole.</param>
/// <param name="TiledDice">The same, computed in tiles.</param>
/// <param name="Origin">Command, machine and sources.</param>
internal sealed record TilesRow(
    string Recipe,
    int Cases,
    long Positions,
    long Tiles,
    double Largest,
    double Mean,
    double EqualLabels,
    double WholeDice,
    double TiledDice,
    Origin Origin) : IMeasured
{
    /// <summary>The names of the columns of <see cref="Cells"/>.</summary>
    public static IReadOnlyList<string> Columns { get; } =
    [
        "network", "cases", "positions", "tiles", "largest difference", "mean", "equal labels, %", "Dice, whole",
        "Dice, tiles",
    ];

    /// <summary>The figures of a network's cases.</summary>
    public static TilesRow Of(string recipe, IReadOnlyList<TiledCase> cases, Origin origin)
    {
        double[][] differences = [.. cases.Select(one => one.Differences)];
        (int[] Whole, int[] Tiled)[] labels = [.. cases.Select(one => (one.WholeLabels, one.TiledLabels))];
        long positions = differences.Sum(one => one.LongLength);
        long equal = labels.Sum(one => one.Whole.Zip(one.Tiled).LongCount(pair => pair.First == pair.Second));
        return new TilesRow(
            recipe,
            cases.Count,
            positions,
            cases.Sum(one => one.Plan.Count),
            differences.Max(one => one.Max()),
            differences.Sum(one => one.Sum()) / positions,
            (double)equal / positions,
            cases.Zip(labels).Average(one => one.First.Dice(one.Second.Whole)),
            cases.Zip(labels).Average(one => one.First.Dice(one.Second.Tiled)),
            origin);
    }

    /// <summary>The row of a report.</summary>
    public string[] Cells() =>
    [
        $"`{Recipe}`",
        $"{Cases}",
        $"{Positions:N0}",
        $"{Tiles}",
        $"{Largest:0.0e+0}",
        $"{Mean:0.0e+0}",
        $"{100 * EqualLabels:F4}",
        $"{WholeDice:F3}",
        $"{TiledDice:F3}",
    ];
}
