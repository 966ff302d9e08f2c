namespace RevUp.Cli.Reporting;

/// <summary>
/// The parts of the page about label maps: figures of classes and cases, confusion by voxels, and
/// pictures with contours.
/// </summary>
internal static class SegmentationSections
{
    private const int MaximumClasses = 16;
    private const int MaximumMatrix = 32;
    private const int MaximumCases = 200;
    private const int Styles = 8;
    private const string Units =
        "Lengths are in mm and volumes in ml; in pixels and thousands of pixels where the data has no spacing.";

    private static readonly string[] s_axes = ["depth", "height", "width"];

    /// <summary>Dice of each class after each evaluation.</summary>
    /// <param name="history">Of the run.</param>
    /// <param name="names">Names of the classes.</param>
    /// <param name="end">Last step of the run.</param>
    /// <param name="stepsPerEpoch">For the upper axis.</param>
    public static XElement Curves(RunHistory history, IReadOnlyList<string> names, double end, double stepsPerEpoch)
    {
        EvaluationMetrics[] curve =
            [.. history.Curve.Where(line => line.Result.Segmentation?.Dice.Count == names.Count)];
        IEnumerable<ChartLine> lines = names.Index().Skip(1).Take(Styles).Select(name => new ChartLine(
            name.Item,
            $"row{(name.Index - 1) % Styles}",
            [.. curve.Select(line => ((double)line.Step, line.Result.Segmentation!.Dice[name.Index]))],
            Marked: true));
        string note = names.Count - 1 > Styles
            ? $"Mean Dice over the cases, of the first {Styles} of {names.Count - 1} classes."
            : "Mean Dice over the cases, of each class but the background.";
        return Section(
            "Dice", note, new LineChart("Dice", "0.0000", end, stepsPerEpoch).Draw(lines));
    }

    /// <summary>Everything that the file of an evaluation gives.</summary>
    public static IEnumerable<XElement> Create(SegmentationResult result) =>
        [Classes(result), Cases(result), Pictures(result)];

    private static XElement Classes(SegmentationResult result)
    {
        SegmentationMeasures measures = result.Measures;
        IReadOnlyList<IReadOnlyList<long>> confusion = measures.Confusion;
        bool hasMatrix = confusion.Count is > 0 and <= MaximumMatrix;
        return Section(
            "Classes",
            $"Of the {measures.Cases.Count} cases of the {result.Part.Text()} part, after step "
            + $"{Number(result.Step, "#,0")}: means over the cases that have a class in either map. The mean Dice of "
            + $"the foreground is {Number(measures.ForegroundDice, "0.0000")}, the IoU of all voxels together "
            + $"{Number(measures.PooledIou, "0.0000")}. {Units}",
            Table(
                ["class", "Dice", "IoU", "HD95", "IoU of all voxels", "true voxels"],
                result.Classes.Select((name, k) => (string[])
                [
                    name,
                    Number(measures.Dice[k], "0.0000"),
                    Number(measures.Iou[k], "0.0000"),
                    Number(measures.Hd95[k], "0.00"),
                    Number(measures.Pooled[k].Iou, "0.0000"),
                    Number(measures.Pooled[k].TruePositives + measures.Pooled[k].FalseNegatives, "#,0"),
                ])),
            measures.Regions.Count == 0 ? null : Tag("h3", "Regions"),
            measures.Regions.Count == 0 ? null : Table(
                ["region", "Dice", "classes"],
                measures.Regions.Zip(measures.RegionDice, (region, found) => (string[])
                [
                    region.Name,
                    Number(found.Dice, "0.0000"),
                    string.Join(", ", region.Labels.Select(label => result.Classes[label])),
                ])),
            hasMatrix ? Tag("h3", "Confusion by voxels") : null,
            hasMatrix ? Matrix(result.Classes, confusion) : null);
    }

    // Rows are true classes; a cell is the share of its row.
    private static XElement Matrix(IReadOnlyList<string> names, IReadOnlyList<IReadOnlyList<long>> confusion) =>
        Scrolling(Tag("table", Class("confusion"),
            Tag("thead", Tag("tr", ((string[])["true class", .. names]).Select(
                name => Tag("th", Attribute("scope", "col"), name)))),
            Tag("tbody", names.Select((name, row) => Tag("tr",
                Tag("th", Attribute("scope", "row"), name),
                confusion[row].Select((count, column) =>
                {
                    double share = count == 0 ? 0 : count / (double)confusion[row].Sum();
                    return Tag("td",
                        row == column ? Class("right") : null,
                        Attribute("style", $"--v:{Number(share, "0.###")}"),
                        Number(100 * share, "0.00"),
                        Tag("small", Number(count, "#,0")));
                }))))));

    private static XElement Cases(SegmentationResult result)
    {
        string[] names = [.. result.Classes.Skip(1).Take(MaximumClasses)];
        IReadOnlyList<CaseMeasures> cases = result.Measures.Cases;
        string shown = cases.Count > MaximumCases ? $"The {MaximumCases} worst of {cases.Count} cases" : "Every case";
        string some = names.Length < result.Classes.Count - 1
            ? $" The classes are the first {names.Length} of {result.Classes.Count - 1}."
            : "";
        return Section(
            "Cases",
            $"{shown}, the lowest Dice first. A dash is a class in neither map; a class in one map alone has the "
            + $"volume's diagonal for its HD95. {Units}{some}",
            Table(
                ["case", "Dice", .. names.SelectMany(name => (string[])[name, "HD95", "volume", "true volume"])],
                cases.OrderBy(one => one.ForegroundDice).Take(MaximumCases).Select(one => (string[])
                [
                    one.Name,
                    Number(one.ForegroundDice, "0.0000"),
                    .. one.Classes.Skip(1).Take(names.Length).SelectMany(overlap => (string[])
                    [
                        Number(overlap.Dice, "0.0000"),
                        Number(overlap.Hd95, "0.00"),
                        Number(overlap.PredictedVolume / 1000, "#,0.00"),
                        Number(overlap.TrueVolume / 1000, "#,0.00"),
                    ]),
                ])));
    }

    private static XElement Pictures(SegmentationResult result)
    {
        if (result.Views.Count == 0)
        {
            return Section("Pictures", "The evaluation kept no pictures.");
        }
        return Section(
            "Pictures",
            "The cases of lowest and highest Dice, from the worst to the best; each plane lies where most of the "
            + "foreground is.",
            Tag("figure", Tag(
                "figcaption",
                Tag("span", Class("key truth"), "truth"),
                Tag("span", Class("key found"), "prediction"))),
            result.Views.Select(view => Tag("figure",
                Tag("figcaption", view.Case, Tag("span", $"Dice {Number(view.ForegroundDice, "0.0000")}")),
                Tag("div", Class("planes"), view.Planes.Select(plane => PlanePicture.Draw(
                    plane,
                    view.Planes.Count == 1
                        ? $"{view.Case}, with contours of truth and prediction"
                        : $"{view.Case} across {s_axes[plane.Axis]}, plane {plane.Index}, with contours of truth and "
                            + "prediction"))))));
    }
}
