namespace RevUp.Cli.Reporting;

/// <summary>
/// The part of the page that shows how well each class is told from the others, as the run
/// evaluated it.
/// </summary>
internal static class ClassSection
{
    private const string Title = "Classes";
    private const int MaximumMatrix = 32;
    private const int MaximumRows = 32;

    /// <param name="result">The run's result.</param>
    /// <param name="names">Names of the classes; null where the run did not record them.</param>
    public static XElement Create(EvaluationResult? result, IReadOnlyList<string>? names)
    {
        if (result is { Labels: not null } or { Errors: not null })
        {
            return Outputs(result.Value, names);
        }
        if (result is not { Classes: { } classes })
        {
            return Section(Title, "The run has not evaluated them yet.");
        }
        string[] all = [.. Enumerable.Range(0, classes.Samples.Count).Select(k => names?[k] ?? $"class {k}")];
        string part = $"Of the {classes.Samples.Sum()} samples of the {result.Value.Part.Text()} part";
        return classes.HasConfusion && all.Length <= MaximumMatrix ? Matrix(part, classes, all)
            : classes.Frequent.Count > 0 ? Confusions(part, classes, all)
            : Recalls(part, classes, all);
    }

    // The figures of each label or number.
    private static XElement Outputs(EvaluationResult result, IReadOnlyList<string>? names)
    {
        string part = $"As the run evaluated them on the {result.Part.Text()} part.";
        return result.Errors is { } errors
            ? Section("Numbers", part, Table(
                ["number", "mean absolute error", "R²"],
                errors.Absolute.Zip(errors.Determination).Select((row, k) => (string[])
                    [names?[k] ?? $"number {k}", Number(row.First, "0.0000"), Number(row.Second, "0.0000")])))
            : Section("Labels", part, Table(
                ["label", "samples", "average precision"],
                result.Labels!.Samples.Zip(result.Labels.AveragePrecision).Select((row, k) => (string[])
                    [names?[k] ?? $"label {k}", Number(row.First, "#,0"), Number(row.Second, "0.0000")])));
    }

    private static XElement Matrix(string part, ClassMeasures classes, string[] names) => Section(Title,
        $"{part}: a row is the true class, a column the predicted class. Each cell has its share of the row in "
            + "percent, with the number of samples below.",
        Scrolling(Tag("table", Class("confusion"),
            Tag("thead", Tag("tr", Head(["class", "recall %", .. names]))),
            Tag("tbody", names.Select((name, row) => Tag("tr",
                Tag("th", Attribute("scope", "row"), name),
                Tag("td", Percent(classes.Recall[row])),
                names.Select((_, column) => Cell(classes, row, column))))))));

    private static IEnumerable<XElement> Head(IEnumerable<string> cells) =>
        cells.Select(cell => Tag("th", Attribute("scope", "col"), cell));

    private static XElement Cell(ClassMeasures classes, int row, int column)
    {
        (int count, int total) = (classes.Confusion(row, column), classes.Samples[row]);
        double share = total == 0 ? 0 : count / (double)total;
        return Tag("td",
            row == column ? Class("right") : null,
            Attribute("style", $"--v:{Number(share, "0.###")}"),
            Number(100 * share, "0.0"),
            Tag("small", Number(count, "#,0")));
    }

    private static XElement Confusions(string part, ClassMeasures classes, string[] names) => Section(Title,
        $"{part}, the most frequent confusions between the {names.Length} classes, which are too many for a matrix.",
        Table(
            ["class", "recall %", "taken for", "samples", "% of the class"],
            classes.Frequent.Select(pair => (string[])
            [
                names[pair.Actual],
                Percent(classes.Recall[pair.Actual]),
                names[pair.Predicted],
                Number(pair.Samples, "#,0"),
                Number(100.0 * pair.Samples / classes.Samples[pair.Actual], "0.0"),
            ])));

    private static XElement Recalls(string part, ClassMeasures classes, string[] names) => Section(Title,
        $"{part}: the classes that were found least, of {names.Length}.",
        Table(["class", "recall %", "samples"], Enumerable.Range(0, names.Length)
            .Where(k => classes.Samples[k] > 0).OrderBy(k => classes.Recall[k]).Take(MaximumRows).Select(k => (string[])
            [
                names[k], Percent(classes.Recall[k]), Number(classes.Samples[k], "#,0"),
            ])));
}
