using RevUp.Cli.StudyRuns;

namespace RevUp.Cli.Reporting;

/// <summary>
/// A study as one page for a browser, complete in itself like <see cref="HtmlReport"/>: top-1 of
/// every seed, learning curves, k, the table.
/// </summary>
internal static class StudyPage
{
    private const int Styles = 8;

    /// <summary>Writes the page.</summary>
    /// <param name="path">Of the page.</param>
    /// <param name="study">The study.</param>
    /// <param name="rows">Its rows, as far as they are done.</param>
    /// <exception cref="IOException">The page cannot be written.</exception>
    public static void Write(string path, Study study, IReadOnlyList<RowFigures> rows) =>
        WritePage(path, study.Name, [Tag("p", study.Description)],
        Section("Accuracy", "A dot for each seed, a stroke for their mean; on the whole test set.",
            DotChart.Draw("Test top-1 (%)", "0.00", [.. rows.Select((row, index) => new DotRow(row.Name, Style(index),
                [.. row.Runs.Select(run => ($"seed {run.Seed}", 100 * run.Figures.Test.Top1))]))])),
        Section("Learning", "Means over the seeds at the end of each epoch; shaded from the least to the largest seed.",
            Chart("Test top-1 (%)", "0.00", rows, epoch => 100 * epoch.Top1),
            Chart("Training loss (cross-entropy)", "0.0000", rows, epoch => epoch.Loss),
            Chart(
                "Branch evaluations k", "0.00", rows,
                epoch => epoch.MeanEvaluations > 0 ? epoch.MeanEvaluations : double.NaN)),
        Section("Table", StudyTable.Note, Table(StudyTable.Columns, rows.Select(StudyTable.Cells))));

    private static XElement Chart(
        string title, string format, IReadOnlyList<RowFigures> rows, Func<EpochFigures, double> value)
    {
        double end = rows.SelectMany(row => row.Runs).Select(run => run.Figures.Epochs.Count).DefaultIfEmpty(1).Max();
        return new LineChart(title, format, end, StepsPerEpoch: 0, Unit: "epoch")
            .Draw(rows.Select((row, index) => Line(row, Style(index), value)));
    }

    private static ChartLine Line(RowFigures row, string style, Func<EpochFigures, double> value)
    {
        (double X, double[] Values)[] epochs =
            [.. row.Runs.SelectMany(run => run.Figures.Epochs).GroupBy(epoch => epoch.Number)
            .Select(epoch => ((double)epoch.Key, epoch.Select(value).Where(double.IsFinite).ToArray()))
            .Where(epoch => epoch.Item2.Length > 0)];
        return new ChartLine(
            row.Name, style, [.. epochs.Select(epoch => (epoch.X, epoch.Values.Average()))], Marked: true)
        {
            Range = row.Runs.Count < 2
                ? []
                : [.. epochs.Select(epoch => (epoch.X, epoch.Values.Min(), epoch.Values.Max()))],
        };
    }

    private static string Style(int row) => FormattableString.Invariant($"row{row % Styles}");
}
