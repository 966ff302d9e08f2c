namespace RevUp.Benchmarks.Studies;

/// <summary>One figure of work on volumes with label maps.</summary>
/// <param name="Part">Part of the study.</param>
/// <param name="Name">The work, in words.</param>
/// <param name="Unit">Unit of the figures.</param>
/// <param name="Figures">Over the rounds.</param>
/// <param name="Worst">The largest of them.</param>
/// <param name="Rounds">Number of measurements.</param>
/// <param name="Origin">Command, machine and sources.</param>
internal sealed record DenseRow(
    string Part, string Name, string Unit, Quartiles Figures, double Worst, int Rounds, Origin Origin) : IMeasured
{
    /// <summary>The names of the columns of <see cref="Cells"/>.</summary>
    public static IReadOnlyList<string> Columns { get; } = ["work", "unit", "median", "quartiles", "largest", "n"];

    /// <summary>A row of measured values.</summary>
    public static DenseRow Of(string part, string name, string unit, double[] values, Origin origin) =>
        new(part, name, unit, Quartiles.Of(values), values.Max(), values.Length, origin);

    /// <summary>The row of a report.</summary>
    public string[] Cells() =>
    [
        Name,
        Unit,
        $"{Figures.Median:G4}",
        $"{Figures.First:G4} to {Figures.Third:G4}",
        $"{Worst:G4}",
        $"{Rounds}",
    ];
}
