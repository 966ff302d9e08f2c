namespace RevUp.Cli.Reporting;

/// <summary>
/// Values side by side in SVG: a line for each row, a dot for each value, a stroke for their mean.
/// </summary>
internal static class DotChart
{
    private const double Width = 720;
    private const double Left = 160;
    private const double Right = 24;
    private const double Top = 8;
    private const double RowHeight = 26;
    private const double Bottom = 26;

    /// <summary>The chart, or a sentence where there is nothing to show.</summary>
    public static XElement Draw(string title, string format, IReadOnlyList<DotRow> rows)
    {
        double[] values = [.. rows.SelectMany(row => row.Dots).Select(dot => dot.Value)];
        if (values.Length == 0)
        {
            return Tag("figure", Tag("figcaption", title), Tag("p", "There is nothing to show yet."));
        }
        double[] ticks = Ticks.Nice(values.Min(), values.Max());
        double bottom = Top + (rows.Count * RowHeight);
        double X(double value) => Left + ((value - ticks[0]) / (ticks[^1] - ticks[0]) * (Width - Left - Right));
        return Tag("figure",
            Tag("figcaption", title),
            Tag("svg",
                Attribute("viewBox", $"0 0 {Width} {Number(bottom + Bottom, "0")}"),
                Attribute("role", "img"),
                Attribute("aria-label", $"{title}: {string.Join("; ", rows.Select(row => Describe(row, format)))}"),
                ticks.Select(tick => Tick(X(tick), bottom, tick)),
                rows.Select((row, index) => Row(row, Top + ((index + 0.5) * RowHeight), X, format))));
    }

    private static string Describe(DotRow row, string format) =>
        $"{row.Name} {string.Join(", ", row.Dots.Select(dot => Number(dot.Value, format)))}";

    private static XElement[] Tick(double x, double bottom, double value) =>
    [
        Tag(
            "line", Class("grid"), Attribute("x1", x), Attribute("x2", x), Attribute("y1", Top),
            Attribute("y2", bottom)),
        Tag(
            "text", Attribute("x", x), Attribute("y", bottom + 18), Attribute("text-anchor", "middle"),
            Number(value, "0.####")),
    ];

    private static IEnumerable<XElement> Row(DotRow row, double y, Func<double, double> x, string format)
    {
        yield return Tag(
            "text", Attribute("x", Left - 12), Attribute("y", y + 4), Attribute("text-anchor", "end"), row.Name);
        foreach ((string of, double value) in row.Dots)
        {
            yield return Tag(
                "circle", Class("mark " + row.Style), Attribute("cx", x(value)), Attribute("cy", y), Attribute("r", 4),
                Tag("title", $"{row.Name}, {of}: {Number(value, format)}"));
        }
        if (row.Dots.Count > 0)
        {
            double mean = x(row.Dots.Average(dot => dot.Value));
            yield return Tag(
                "line", Class("line " + row.Style), Attribute("x1", mean), Attribute("x2", mean),
                Attribute("y1", y - 9), Attribute("y2", y + 9));
        }
    }
}
