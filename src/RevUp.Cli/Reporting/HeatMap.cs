namespace RevUp.Cli.Reporting;

/// <summary>
/// Branch evaluations k of every block (rows) over the steps of a run (columns), darker for more,
/// in SVG.
/// </summary>
internal static class HeatMap
{
    private const double Width = 720;
    private const double Left = 160;
    private const double Top = 8;
    private const double Bottom = 26;
    private const int MaximumCells = 12_000;
    private const int MaximumColumns = 60;

    public static XElement Draw(IReadOnlyList<StepMetrics> steps, IReadOnlyList<string> blockNames)
    {
        double rowHeight = blockNames.Count <= 60 ? 16 : 6;
        int columns = Math.Min(steps.Count, Math.Clamp(MaximumCells / blockNames.Count, 1, MaximumColumns));
        StepMetrics[][] bins = [.. steps.Chunk((steps.Count + columns - 1) / columns)];
        double[][] means = [.. bins.Select(bin => Means(bin, blockNames.Count))];
        double largest = Math.Max(means.Max(column => column.Max()), 1);
        double cell = (Width - Left) / bins.Length;
        double height = Top + blockNames.Count * rowHeight;
        return Tag("figure",
            Tag("figcaption", "k, mean of the steps in each column",
                Tag("span", Class("scale"), "0", Tag("span", Class("ramp"), " "), Number(largest, "0.#"))),
            Tag("svg",
                Attribute("viewBox", $"0 0 {Width} {Number(height + Bottom, "0")}"),
                Attribute("role", "img"),
                Attribute(
                    "aria-label",
                    $"Branch evaluations of {blockNames.Count} blocks over {steps.Count} steps, at most "
                    + $"{Number(largest, "0.#")}"),
                blockNames
                    .Select(
                        (name, row) => Row(name, row, Top + row * rowHeight, rowHeight, cell, means, bins, largest)),
                Tag("text", Attribute("x", Left), Attribute("y", height + 18), $"step {bins[0][0].Step}"),
                Tag(
                    "text", Attribute("x", Width), Attribute("y", height + 18), Attribute("text-anchor", "end"),
                    $"step {bins[^1][^1].Step}")));
    }

    private static IEnumerable<XElement> Row(
        string name, int row, double y, double height, double width, double[][] means, StepMetrics[][] bins,
        double largest)
    {
        // Of many blocks, every fifth is named.
        if (height > 10 || row % 5 == 0)
        {
            yield return Tag(
                "text", Attribute("x", Left - 8), Attribute("y", y + Math.Min(height, 12)),
                Attribute("text-anchor", "end"), name);
        }
        for (int column = 0; column < means.Length; column++)
        {
            double mean = means[column][row];
            yield return Tag("rect", Class("cell"), Attribute("x", Left + (column * width)), Attribute("y", y),
                Attribute("width", width), Attribute("height", height - 1),
                Attribute("style", $"--v:{Number(mean / largest, "0.##")}"),
                Tag(
                    "title",
                    $"{name}, steps {bins[column][0].Step}–{bins[column][^1].Step}: k = {Number(mean, "0.##")}"));
        }
    }

    private static double[] Means(StepMetrics[] steps, int blocks) =>
        [.. Enumerable.Range(0, blocks).Select(block => steps.Average(step => step.Evaluations[block]))];
}
