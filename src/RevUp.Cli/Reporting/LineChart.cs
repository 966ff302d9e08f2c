namespace RevUp.Cli.Reporting;

/// <summary>
/// A line chart in SVG over the steps or epochs of runs; over steps, epochs are along its upper
/// edge.
/// </summary>
/// <param name="Title">Quantity of the chart, with its unit.</param>
/// <param name="Format">Of values.</param>
/// <param name="End">The right edge, in the unit.</param>
/// <param name="StepsPerEpoch">For the upper axis; 0 for none.</param>
/// <param name="Logarithmic">Whether the y axis is; values must then be positive.</param>
/// <param name="Unit">Of the x axis.</param>
internal sealed record LineChart(
    string Title, string Format, double End, double StepsPerEpoch, bool Logarithmic = false, string Unit = "step")
{
    private const double Width = 720;
    private const double Height = 300;
    private const double Left = 58;
    private const double Right = 14;
    private const double Top = 30;
    private const double Bottom = 44;
    private const int Bins = 300;

    /// <summary>
    /// Neighbouring points in their means, so that a page stays small however long the run was.
    /// </summary>
    public static IReadOnlyList<(double X, double Y)> Average(IReadOnlyList<(double X, double Y)> points) =>
        points.Count <= Bins
        ? points
        : [.. points.Chunk((points.Count + Bins - 1) / Bins).Select(
            bin => (bin.Average(p => p.X), bin.Average(p => p.Y)))];

    /// <summary>The chart with its legend, or a sentence where there is nothing to show.</summary>
    public XElement Draw(params IEnumerable<ChartLine> lines)
    {
        ChartLine[] drawn = [.. lines.Select(
            line => line with
            {
                Points = [.. line.Points.Where(p => double.IsFinite(p.Y) && (!Logarithmic || p.Y > 0))],
            })
            .Where(line => line.Points.Count > 0)];
        if (drawn.Length == 0)
        {
            return Tag("figure", Tag("figcaption", Title), Tag("p", "There is nothing to show yet."));
        }
        IEnumerable<double> limits = drawn.SelectMany(line => line.Range).SelectMany(p => (double[])[p.Low, p.High]);
        double[] values = [.. drawn.SelectMany(line => line.Points).Select(p => p.Y).Concat(limits).Select(Scale)];
        double[] ticks =
            Logarithmic ? Ticks.Decades(values.Min(), values.Max()) : Ticks.Nice(values.Min(), values.Max());
        double Y(double value) =>
            Height - Bottom - ((Scale(value) - ticks[0]) / (ticks[^1] - ticks[0]) * (Height - Top - Bottom));
        return Tag("figure",
            Tag(
                "figcaption",
                Title,
                drawn.Where(_ => drawn.Length > 1).Select(line => Tag("span", Class("key " + line.Style), line.Name))),
            Tag("svg",
                Attribute("viewBox", $"0 0 {Width} {Height}"),
                Attribute("role", "img"),
                Attribute("aria-label", $"{Title} against the {Unit}: {string.Join("; ", drawn.Select(Describe))}"),
                ticks.Select(
                    tick => HorizontalTick(Y(Unscale(tick)), Number(Unscale(tick), Logarithmic ? "0e-0" : "0.####"))),
                Ticks.Nice(0, End).Where(tick => tick <= End).Select(tick => VerticalTick(tick, Number(tick, "#,0"))),
                EpochTicks(),
                Label(Width - Right, Height - 6, "end", Unit),
                drawn.Where(line => line.Range.Count > 0).Select(line => DrawRange(line, Y)),
                drawn.Select(line => Draw(line, Y))));
    }

    private string Describe(ChartLine line) => $"{line.Name} ends at {Number(line.Points[^1].Y, Format)}";

    private IEnumerable<XElement> Draw(ChartLine line, Func<double, double> y)
    {
        yield return Tag("polyline", Class("line " + line.Style), Attribute("points", Coordinates(line.Points, y)));
        if (line.Marked || line.Points.Count == 1)
        {
            foreach ((double x, double value) in line.Points)
            {
                yield return Tag(
                    "circle", Class("mark " + line.Style),
                    Attribute("cx", X(x)), Attribute("cy", y(value)), Attribute("r", 3.5),
                    Tag("title", $"{line.Name} after {Unit} {Number(x, "#,0")}: {Number(value, Format)}"));
            }
        }
    }

    private XElement DrawRange(ChartLine line, Func<double, double> y)
    {
        IEnumerable<(double X, double Y)> outline =
            line.Range.Select(p => (p.X, p.High)).Concat(line.Range.Reverse().Select(p => (p.X, p.Low)));
        return Tag("polygon", Class("range " + line.Style), Attribute("points", Coordinates(outline, y)));
    }

    private string Coordinates(IEnumerable<(double X, double Y)> points, Func<double, double> y) =>
        string.Join(' ', points.Select(p => $"{Number(X(p.X), "0.#")},{Number(y(p.Y), "0.#")}"));

    private IEnumerable<XElement> EpochTicks()
    {
        if (StepsPerEpoch == 0)
        {
            return [];
        }
        double epochs = End / StepsPerEpoch;
        return Ticks.Nice(0, epochs).Where(tick => tick > 0 && tick <= epochs && tick == Math.Floor(tick))
            .Select(tick => Label(X(tick * StepsPerEpoch), 12, "middle", Number(tick, "#,0")))
            .Append(Label(Left, 12, "start", "epoch"));
    }

    private double X(double at) => Left + (at / End * (Width - Left - Right));

    private double Scale(double value) => Logarithmic ? Math.Log10(value) : value;

    private double Unscale(double value) => Logarithmic ? Math.Pow(10, value) : value;

    private static XElement[] HorizontalTick(double y, string text) =>
    [
        Tag(
            "line", Class("grid"), Attribute("x1", Left), Attribute("x2", Width - Right), Attribute("y1", y),
            Attribute("y2", y)),
        Label(Left - 8, y + 4, "end", text),
    ];

    private XElement VerticalTick(double at, string text) => Label(X(at), Height - Bottom + 18, "middle", text);

    private static XElement Label(double x, double y, string anchor, string text) =>
        Tag("text", Attribute("x", x), Attribute("y", y), Attribute("text-anchor", anchor), text);
}
