using RevUp.Data;
using RevUp.Models;
using RevUp.Recipes;

namespace RevUp.Runs;

/// <summary>
/// A run's report in markdown: its result, with recall and confusion of the classes, or the figures
/// of each label or number; from its metrics, loss, measures and time of each epoch; and the mean
/// number of branch evaluations k of each block.
/// </summary>
internal static class RunReport
{
    public const string FileName = "report.md";

    // More columns do not fit a page; the HTML report and "evaluate --json" have them.
    private const int MaximumConfusion = 10;

    public static void Write(
        string folder,
        Recipe recipe,
        IReadOnlyList<string> blockNames,
        RunSummary? summary = null,
        IReadOnlyList<string>? classNames = null)
    {
        RunHistory history = RunHistory.Read(Path.Combine(folder, MetricsLog.FileName));
        SortedDictionary<int, EpochMetrics> epochs = history.Epochs();
        string part = history.Held.Text();
        StringBuilder text = new();
        CultureInfo culture = CultureInfo.InvariantCulture;
        text.AppendLine(culture, $"# {recipe.Name}\n\n{recipe.Description}\n");
        if (summary is not null)
        {
            Result(text, summary, recipe.Model.Task);
        }
        bool segments = epochs.Values.Any(epoch => epoch.Held?.Segmentation is not null);
        IReadOnlyList<TaskMeasure> measures = TaskMeasure.Of(segments ? ModelTask.Segmentation : recipe.Model.Task);
        TaskMeasure main = measures[0];
        text.Append(culture, $"| epoch | steps | training loss | training {main.Title} | {part} loss ");
        text.Append(string.Concat(measures.Select(measure => $"| {part} {measure.Title} ")));
        text.AppendLine("| ms a step | mean k | worst k | worst residual | replays |");
        text.AppendLine(string.Concat(Enumerable.Repeat("|---", 10 + measures.Count)) + "|");
        foreach ((int number, EpochMetrics epoch) in epochs)
        {
            IEnumerable<string> held = measures.Select(
                measure => epoch.Held is { } result ? Value(measure, measure.OfResult(result)) : "–");
            string test = string.Join(" | ", held.Prepend(epoch.Held is { } own ? $"{Fraction(own.Loss)}" : "–"));
            text.Append(culture, $"| {number + 1} | {epoch.Steps} | {epoch.Loss:F4} ");
            text.Append(culture, $"| {Value(main, main.OfEpoch!(epoch))} | {test} ");
            text.Append(culture, $"| {epoch.Milliseconds:F1} | {epoch.MeanEvaluations:F2} | {epoch.WorstEvaluations} ");
            text.AppendLine(culture, $"| {epoch.WorstResidual:0.0e-0} | {epoch.Replays} |");
        }
        Blocks(
            text, "Mean branch evaluations k of each block", epochs, blockNames,
            (epoch, block) => epoch.EvaluationsOf(block));
        if (summary?.Evaluation.Classes is { } classes && classNames is not null)
        {
            Classes(text, summary.Evaluation.Part, classes, classNames);
        }
        if (summary is not null && classNames is not null)
        {
            Outputs(text, summary.Evaluation, classNames);
        }
        if (epochs.Values.Any(epoch => epoch.IsAdaptive))
        {
            Blocks(
                text, "Lipschitz coefficient c of each block at the end", epochs, blockNames,
                (epoch, block) => epoch.CoefficientOf(block));
            Blocks(
                text, "Mean measured contraction of each block", epochs, blockNames,
                (epoch, block) => epoch.ContractionOf(block));
        }
        File.WriteAllText(Path.Combine(folder, FileName), text.ToString());
    }

    // The run in one line: which checkpoint, on which part, how good.
    private static void Result(StringBuilder text, RunSummary summary, ModelTask task)
    {
        CultureInfo culture = CultureInfo.InvariantCulture;
        EvaluationResult result = summary.Evaluation;
        if (result.Samples > 0)
        {
            text.Append(culture, $"Result on the {result.Part.Text()} part ({result.Samples} samples): ");
            string[] measures = [.. TaskMeasure.Of(task).Select(measure =>
                $"{measure.Name} {Value(measure, measure.OfResult(result))}" + (measure.IsShare ? " %" : ""))];
            text.Append(culture, $"{measures[0]}, loss {result.Loss:F4}, ");
            text.Append(result.Segmentation is { } maps
                ? $"mean Dice of the foreground {Fraction(maps.ForegroundDice)}, mean IoU of all classes "
                    + $"{Fraction(maps.PooledIou)}. "
                : $"{string.Join(", ", measures[1..])}. ");
        }
        if (summary.ChosenStep is { } step)
        {
            text.Append(culture, $"The validation part chose the checkpoint of step {step}. ");
        }
        if (summary.DamagedSamples > 0)
        {
            text.Append(culture, $"Damaged samples: {summary.DamagedSamples}, named in {DamageLog.FileName}. ");
        }
        text.AppendLine(culture, $"Training waited for data in {Percent(summary.DataWaitShare)} % of its time.\n");
    }

    private static void Classes(
        StringBuilder text, DatasetSplit part, ClassMeasures classes, IReadOnlyList<string> names)
    {
        CultureInfo culture = CultureInfo.InvariantCulture;
        string[] cells =
            [.. names.Select(Cell)];
        string[] columns = cells.Length <= MaximumConfusion ? cells : [];
        text.AppendLine(culture, $"\n## Classes of the {part.Text()} part\n");
        text.Append("| class | samples | recall % |")
            .AppendLine(string.Concat(columns.Select(name => $" as {name} |")));
        text.Append("|---|---|---|").AppendLine(string.Concat(columns.Select(_ => "---|")));
        for (int k = 0; k < cells.Length; k++)
        {
            text.Append(culture, $"| {cells[k]} | {classes.Samples[k]} | {Percent(classes.Recall[k])} |");
            text.AppendLine(string.Concat(columns.Select(
                (_, predicted) => string.Create(culture, $" {classes.Confusion(k, predicted)} |"))));
        }
        if (columns.Length == 0 && classes.Frequent.Count > 0)
        {
            text.AppendLine("\nThe most frequent confusions:\n\n| class | taken for | samples |\n|---|---|---|");
            foreach (ClassConfusion pair in classes.Frequent)
            {
                text.AppendLine(culture, $"| {cells[pair.Actual]} | {cells[pair.Predicted]} | {pair.Samples} |");
            }
        }
    }

    // The figures of each label or number; nothing of another task.
    private static void Outputs(StringBuilder text, EvaluationResult result, IReadOnlyList<string> names)
    {
        (string what, string head, Func<int, string>? row) = result switch
        {
            { Labels: { } labels } => (
                "Labels", "| label | samples | average precision |",
                k => $"{labels.Samples[k]} | {Fraction(labels.AveragePrecision[k])}"),
            { Errors: { } errors } => (
                "Numbers", "| number | mean absolute error | R² |",
                k => $"{Fraction(errors.Absolute[k])} | {Fraction(errors.Determination[k])}"),
            _ => ("", "", (Func<int, string>?)null),
        };
        if (row is null)
        {
            return;
        }
        text.AppendLine(
            CultureInfo.InvariantCulture, $"\n## {what} of the {result.Part.Text()} part\n\n{head}\n|---|---|---|");
        for (int k = 0; k < names.Count; k++)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"| {Cell(names[k])} | {row(k)} |");
        }
    }

    private static string Cell(string name) => PrintableText.Of(name).Replace("|", "\\|", StringComparison.Ordinal);

    private static string Value(TaskMeasure measure, double value) =>
        measure.IsShare ? Percent(value) : Fraction(value);

    private static string Percent(double value) => Fraction(100 * value, "F2");

    private static string Fraction(double value, string format = "F4") =>
        double.IsNaN(value) ? "–" : value.ToString(format, CultureInfo.InvariantCulture);

    private static void Blocks(
        StringBuilder text,
        string title,
        SortedDictionary<int, EpochMetrics> epochs,
        IReadOnlyList<string> blockNames,
        Func<EpochMetrics, int, double> value)
    {
        CultureInfo culture = CultureInfo.InvariantCulture;
        text.AppendLine(culture, $"\n## {title}\n");
        text.AppendLine(culture, $"| block | {string.Join(" | ", epochs.Keys.Select(e => $"epoch {e + 1}"))} |");
        text.AppendLine(culture, $"|---|{string.Concat(epochs.Keys.Select(_ => "---|"))}");
        for (int block = 0; block < blockNames.Count; block++)
        {
            text.Append(culture, $"| {blockNames[block]} |");
            foreach (EpochMetrics epoch in epochs.Values)
            {
                double number = value(epoch, block);
                text.Append(double.IsNaN(number) ? " – |" : string.Create(culture, $" {number:F2} |"));
            }
            text.AppendLine();
        }
    }
}
