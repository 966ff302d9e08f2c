namespace RevUp.Benchmarks.Studies;

/// <summary>
/// Steps on batches from the loader beside as many on a resident batch, in turn; times are
/// milliseconds of a step.
/// </summary>
/// <param name="Recipe">Name of the recipe.</param>
/// <param name="Data">Its dataset.</param>
/// <param name="Policy">Its memory policy.</param>
/// <param name="Batch">Samples.</param>
/// <param name="Workers">Threads of the loader.</param>
/// <param name="Steps">Steps of a round.</param>
/// <param name="Rounds">Rounds.</param>
/// <param name="Loaded">From the loader.</param>
/// <param name="Resident">On one batch that stays in memory.</param>
/// <param name="Ratio">Ratio of the two in the same round.</param>
/// <param name="Origin">Command, machine and sources.</param>
internal sealed record LoadingRow(
    string Recipe,
    string Data,
    string Policy,
    int Batch,
    int Workers,
    int Steps,
    int Rounds,
    Quartiles Loaded,
    Quartiles Resident,
    Quartiles Ratio,
    Origin Origin) : IMeasured
{
    private const double Target = 1.03;

    /// <summary>
    /// The first epoch that was measured; data that is kept decoded is read in epoch 0.
    /// </summary>
    public int FromEpoch { get; init; }

    /// <summary>The names of the columns of <see cref="Cells"/>.</summary>
    public static IReadOnlyList<string> Columns { get; } =
    [
        "recipe and data", "policy", "batch", "workers", "from epoch", "loaded, ms", "quartiles", "resident, ms",
        "quartiles",
        "ratio", "quartiles",
        $"at most {Target}", "steps × rounds",
    ];

    /// <summary>The row of a report.</summary>
    public string[] Cells() =>
    [
        $"{Recipe}, {Data}",
        Policy,
        $"{Batch}",
        $"{Workers}",
        $"{FromEpoch}",
        $"{Loaded.Median:F2}",
        $"{Loaded.First:F2} to {Loaded.Third:F2}",
        $"{Resident.Median:F2}",
        $"{Resident.First:F2} to {Resident.Third:F2}",
        $"{Ratio.Median:F3}",
        $"{Ratio.First:F3} to {Ratio.Third:F3}",
        Ratio.Median <= Target ? "met" : "missed",
        $"{Steps} × {Rounds}",
    ];
}
