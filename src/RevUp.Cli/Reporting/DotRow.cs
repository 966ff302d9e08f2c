namespace RevUp.Cli.Reporting;

/// <summary>One line of a dot chart.</summary>
/// <param name="Name">Left of it.</param>
/// <param name="Style">Its CSS class, which has the colour.</param>
/// <param name="Dots">Values, each with what it is of.</param>
internal sealed record DotRow(string Name, string Style, IReadOnlyList<(string Of, double Value)> Dots);
