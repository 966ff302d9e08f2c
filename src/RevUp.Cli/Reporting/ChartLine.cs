namespace RevUp.Cli.Reporting;

/// <summary>One line of a chart.</summary>
/// <param name="Name">In the legend.</param>
/// <param name="Style">Its CSS class, which has the colour.</param>
/// <param name="Points">x in the chart's unit.</param>
/// <param name="Marked">Whether every point has a mark that tells its values.</param>
internal sealed record ChartLine(string Name, string Style, IReadOnlyList<(double X, double Y)> Points, bool Marked)
{
    /// <summary>The range that the line is the middle of, shaded; none when empty.</summary>
    public IReadOnlyList<(double X, double Low, double High)> Range { get; init; } = [];
}
