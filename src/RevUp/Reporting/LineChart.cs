using System.Xml.Linq;
using static RevUp.Reporting.Html;

namespace RevUp.Reporting;

/// <summary>One line of a chart.</summary>
/// <param name="Name">In the legend.</param>
/// <param name="Style">Its CSS class, which has the colour.</param>
/// <param name="Points">x in steps.</param>
/// <param name="Marked">Whether every point has a mark that tells its values.</param>
internal sealed record ChartLine(string Name, string Style, IReadOnlyList<(double X, double Y)> Points, bool Marked);

/// <summary>A line chart in SVG over the steps of a run, epochs along its upper edge.</summary>
/// <param name="Title">What is shown, with its unit.</param>
/// <param name="Format">Of values.</param>
/// <param name="Steps">Of the run so far, the right edge.</param>
/// <param name="StepsPerEpoch">For the upper axis.</param>
/// <param name="Logarithmic">Whether the y axis is; values must then be positive.</param>
internal sealed record LineChart(string Title, string Format, double Steps, double StepsPerEpoch, bool Logarithmic = false)
{
    private const double Width = 720;
    private const double Height = 300;
    private const double Left = 58;
    private const double Right = 14;
    private const double Top = 30;
    private const double Bottom = 44;
    private const int Bins = 300;
    private const int Ticks = 5;
    private static readonly double[] s_factors = [1, 2, 5, 10];

    /// <summary>Neighbouring points in their means, so that a page stays small however long the run was.</summary>
    public static IReadOnlyList<(double X, double Y)> Average(IReadOnlyList<(double X, double Y)> points) => points.Count <= Bins
        ? points
        : [.. points.Chunk((points.Count + Bins - 1) / Bins).Select(bin => (bin.Average(p => p.X), bin.Average(p => p.Y)))];

    /// <summary>The chart with its legend, or a sentence where there is nothing to show.</summary>
    public XElement Draw(params IEnumerable<ChartLine> lines)
    {
        ChartLine[] drawn = [.. lines.Select(line => line with { Points = [.. line.Points.Where(p => double.IsFinite(p.Y) && (!Logarithmic || p.Y > 0))] })
            .Where(line => line.Points.Count > 0)];
        if (drawn.Length == 0)
        {
            return Tag("figure", Tag("figcaption", Title), Tag("p", "There is nothing to show yet."));
        }
        double[] values = [.. drawn.SelectMany(line => line.Points).Select(p => Scale(p.Y))];
        double[] ticks = Logarithmic ? Decades(values.Min(), values.Max()) : NiceTicks(values.Min(), values.Max());
        double Y(double value) => Height - Bottom - ((Scale(value) - ticks[0]) / (ticks[^1] - ticks[0]) * (Height - Top - Bottom));
        return Tag("figure",
            Tag("figcaption", Title, drawn.Where(_ => drawn.Length > 1).Select(line => Tag("span", Class("key " + line.Style), line.Name))),
            Tag("svg",
                Attribute("viewBox", $"0 0 {Width} {Height}"),
                Attribute("role", "img"),
                Attribute("aria-label", $"{Title} against the step: {string.Join("; ", drawn.Select(Describe))}"),
                ticks.Select(tick => HorizontalTick(Y(Unscale(tick)), Number(Unscale(tick), Logarithmic ? "0e-0" : "0.####"))),
                NiceTicks(0, Steps).Where(tick => tick <= Steps).Select(tick => VerticalTick(tick, Number(tick, "#,0"))),
                EpochTicks(),
                Label(Width - Right, Height - 6, "end", "step"),
                Label(Left, 12, "start", "epoch"),
                drawn.Select(line => Draw(line, Y))));
    }

    private string Describe(ChartLine line) => $"{line.Name} ends at {Number(line.Points[^1].Y, Format)}";

    private IEnumerable<XElement> Draw(ChartLine line, Func<double, double> y)
    {
        string points = string.Join(' ', line.Points.Select(p => $"{Number(X(p.X), "0.#")},{Number(y(p.Y), "0.#")}"));
        yield return Tag("polyline", Class("line " + line.Style), Attribute("points", points));
        if (line.Marked || line.Points.Count == 1)
        {
            foreach ((double x, double value) in line.Points)
            {
                yield return Tag("circle", Class("mark " + line.Style), Attribute("cx", X(x)), Attribute("cy", y(value)), Attribute("r", 3.5),
                    Tag("title", $"{line.Name} after step {Number(x, "#,0")}: {Number(value, Format)}"));
            }
        }
    }

    private IEnumerable<XElement> EpochTicks()
    {
        double epochs = Steps / StepsPerEpoch;
        return NiceTicks(0, epochs).Where(tick => tick > 0 && tick <= epochs && tick == Math.Floor(tick))
            .Select(tick => Label(X(tick * StepsPerEpoch), 12, "middle", Number(tick, "#,0")));
    }

    private double X(double step) => Left + (step / Steps * (Width - Left - Right));

    private double Scale(double value) => Logarithmic ? Math.Log10(value) : value;

    private double Unscale(double value) => Logarithmic ? Math.Pow(10, value) : value;

    private static XElement[] HorizontalTick(double y, string text) =>
    [
        Tag("line", Class("grid"), Attribute("x1", Left), Attribute("x2", Width - Right), Attribute("y1", y), Attribute("y2", y)),
        Label(Left - 8, y + 4, "end", text),
    ];

    private XElement VerticalTick(double step, string text) => Label(X(step), Height - Bottom + 18, "middle", text);

    private static XElement Label(double x, double y, string anchor, string text) =>
        Tag("text", Attribute("x", x), Attribute("y", y), Attribute("text-anchor", anchor), text);

    // Multiples of 1, 2 or 5 times a power of ten, from below the least to above the largest value.
    private static double[] NiceTicks(double least, double largest)
    {
        double span = largest > least ? largest - least : Math.Max(Math.Abs(largest), 1);
        double power = Math.Pow(10, Math.Floor(Math.Log10(span / Ticks)));
        double step = power * s_factors.First(factor => power * factor * Ticks >= span);
        double first = Math.Floor(least / step);
        int count = (int)Math.Max(1, Math.Ceiling(largest / step - 1e-9) - first);
        return [.. Enumerable.Range(0, count + 1).Select(i => (first + i) * step)];
    }

    private static double[] Decades(double least, double largest)
    {
        int first = (int)Math.Floor(least);
        return [.. Enumerable.Range(first, Math.Max(1, (int)Math.Ceiling(largest) - first) + 1).Select(i => (double)i)];
    }
}
