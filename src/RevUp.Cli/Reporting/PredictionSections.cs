using System.Xml.Linq;
using RevUp.Data;
using static RevUp.Cli.Reporting.Html;

namespace RevUp.Cli.Reporting;

/// <summary>The parts of the page that show what the network makes of the test set.</summary>
internal static class PredictionSections
{
    private const int MaximumMatrix = 32;
    private const int MaximumConfusions = 32;

    public static IEnumerable<XElement> Create(
        TestPredictions predictions, ImageDataset data, ChannelNormalization normalization, long step)
    {
        yield return Section("Predictions",
            $"By the checkpoint of step {Number(step, "#,0")}, for the samples of the test set whose own class got the "
            + "least probability, and the most.",
            Tag("h3", "Worst"), Samples(predictions.Worst, data, normalization),
            Tag("h3", "Best"), Samples(predictions.Best, data, normalization));
        yield return data.Classes.Count <= MaximumMatrix
            ? Matrix(predictions.Confusion, data.Classes)
            : Confusions(predictions.Confusion, data.Classes);
    }

    private static XElement Samples(
        IEnumerable<Prediction> predictions, ImageDataset data, ChannelNormalization normalization) =>
        Tag("ul", Class("samples"), predictions.Select(prediction =>
        {
            (string actual, string predicted) = (data.Classes[prediction.Label], data.Classes[prediction.Predicted]);
            return Tag("li",
                Tag("img",
                    Attribute("src", TestPredictions.DataUri(prediction, data.Sample, normalization)),
                    Attribute("alt", $"A test sample of the class {actual}")),
                Tag("strong", actual), " ", Tag("span", $"{Percent(prediction.LabelProbability)} %"),
                prediction.Label == prediction.Predicted
                    ? null
                    : Tag(
                        "div",
                        $"taken for {predicted} ",
                        Tag("span", $"{Percent(prediction.PredictedProbability)} %")));
        }));

    private static XElement Matrix(int[,] confusion, IReadOnlyList<string> classes) => Section("Confusion matrix",
        "Rows are the classes of the samples, columns what they were taken for: percent of the row, and the number "
        + "of samples below it.",
        Scrolling(Tag("table", Class("confusion"),
            Tag(
                "thead",
                Tag(
                    "tr",
                    Tag("th", Attribute("scope", "col"), "class"),
                    classes.Select(name => Tag("th", Attribute("scope", "col"), name)))),
            Tag("tbody", classes.Select((name, row) => Tag("tr",
                Tag("th", Attribute("scope", "row"), name),
                Enumerable.Range(0, classes.Count)
                    .Select(column => Cell(confusion[row, column], Sum(confusion, row), row == column))))))));

    private static XElement Cell(int count, int total, bool right)
    {
        double share = total == 0 ? 0 : count / (double)total;
        return Tag("td",
            right ? Class("right") : null,
            Attribute("style", $"--v:{Number(share, "0.###")}"),
            Number(100 * share, "0.0"),
            Tag("small", Number(count, "#,0")));
    }

    private static XElement Confusions(int[,] confusion, IReadOnlyList<string> classes)
    {
        IEnumerable<(int Row, int Column)> wrong =
            from row in Enumerable.Range(0, classes.Count)
            from column in Enumerable.Range(0, classes.Count)
            where row != column && confusion[row, column] > 0
            orderby confusion[row, column] descending
            select (row, column);
        IEnumerable<string[]> rows = wrong.Take(MaximumConfusions).Select(pair => (string[])
        [
            classes[pair.Row],
            classes[pair.Column],
            Number(confusion[pair.Row, pair.Column], "#,0"),
            Number(100.0 * confusion[pair.Row, pair.Column] / Sum(confusion, pair.Row), "0.0"),
        ]);
        return Section(
            "Confusions",
            $"The most frequent ones between the {classes.Count} classes, which are too many for a matrix.",
            Table(["class", "taken for", "samples", "% of the class"], rows));
    }

    private static int Sum(int[,] confusion, int row) =>
        Enumerable.Range(0, confusion.GetLength(1)).Sum(column => confusion[row, column]);
}
