using RevUp.Models;

namespace RevUp.Cli.Reporting;

/// <summary>The parts of the page that are made from the run's own files.</summary>
internal sealed class ReportSections(Recipe recipe, RunHistory history, RunRecord? record)
{
    private const string Train = "train";
    private const string Test = "test";

    private readonly SortedDictionary<int, EpochMetrics> _epochs = history.Epochs();
    private readonly IReadOnlyList<string> _blockNames =
        record?.BlockNames
        ?? [.. Enumerable.Range(0, history.Steps[0].Evaluations.Length).Select(block => $"block {block}")];

    private string Held => history.Held.Text();

    private double LastStep => history.Steps[^1].Step;

    // An epoch without its end in the metrics is the one the run is in.
    private double StepsPerEpoch => _epochs.Count > 1 ? _epochs.Values.First().Steps : Math.Max(1, LastStep);

    private bool Segments => recipe.Model.Task == ModelTask.Segmentation;

    private bool Inverts => history.Steps.Any(step => step.Evaluations.Any(k => k > 0));

    /// <summary>The run in a few figures.</summary>
    public XElement Tiles()
    {
        EvaluationResult? result = history.Final?.Result;
        string part = result?.Part.Text() ?? Test;
        List<(string Name, string Value)> tiles =
        [
            Segments
                ? ($"{part} Dice, foreground", Number(result?.ForegroundDice ?? double.NaN, "0.0000"))
                : ($"{part} {Main.Name}", result is { } held ? Text(Main, Main.OfResult(held)) : "–"),
            ($"{part} loss", result is { } loss ? Number(loss.Loss, "0.0000") : "–"),
            ("steps", Number(LastStep, "#,0")),
            ("time of a step", $"{Number(history.MedianMilliseconds, "#,0.0")} ms"),
        ];
        if (result is { } evaluated
            && (evaluated.Classes is not null || evaluated.Labels is not null || evaluated.Errors is not null))
        {
            tiles.AddRange(Others.Select(
                measure => ($"{part} {measure.Name}", Text(measure, measure.OfResult(evaluated)))));
        }
        if (record?.ChosenStep is { } chosen)
        {
            tiles.Add(("step chosen on the validation part", Number(chosen, "#,0")));
        }
        if (record is not null)
        {
            tiles.Add(("activation peak", $"{MiB(record.PeakBytes[Name(MemoryPurpose.Activations)])} MiB"));
        }
        if (record?.Forecast is { } forecast)
        {
            tiles.Add((
                "memory peak, forecast and measured",
                $"{MiB(forecast.PeakBytes)} and {MiB(record.TotalPeakBytes)} MiB"));
            tiles.Add(("time of a step, forecast", $"{Number(forecast.Milliseconds, "#,0.0")} ms"));
        }
        if (Inverts)
        {
            tiles.Add(("mean k, last epoch", Number(_epochs.Values.Last().MeanEvaluations, "0.00")));
        }
        return Tag("dl", Class("tiles"), tiles.Select(tile => Tag("div", Tag("dt", tile.Name), Tag("dd", tile.Value))));
    }

    /// <summary>Loss, top-1 and learning rate.</summary>
    public XElement Curves() => Section("Training",
        "Training values come from the mini-batches, with augmentation and in means over neighbouring steps; "
            + $"the others come from the whole {Held} part.",
        Chart(
            recipe.Model.Task switch
            {
                ModelTask.Segmentation => $"Loss (training: with Dice; {Held}: cross-entropy alone)",
                ModelTask.Classification => "Loss (cross-entropy)",
                _ => "Loss",
            },
            "0.0000",
            step => step.Loss, result => result.Loss),
        recipe.Model.Task == ModelTask.Regression
            ? Chart(
                "Mean absolute error", "0.####", step => step.MeanAbsoluteError, result => result.MeanAbsoluteError)
            : Chart(
                recipe.Model.Task == ModelTask.MultiLabel ? "Exact match (%)" : "Top-1 (%)", "0.00",
                step => 100 * step.Top1, result => 100 * result.Top1),
        Chart("Learning rate", "0.####", step => step.LearningRate, null));

    /// <summary>The same in numbers.</summary>
    public XElement Epochs()
    {
        (string Name, Func<EpochMetrics, string> Text)[] columns =
        [
            ("steps", epoch => Number(epoch.Steps, "#,0")),
            ("training loss", epoch => Number(epoch.Loss, "0.0000")),
            ($"training {Main.Title}", epoch => Cell(Main, Main.OfEpoch!(epoch))),
            ($"{Held} loss", epoch => Number(epoch.Held?.Loss ?? double.NaN, "0.0000")),
            ($"{Held} {Main.Title}", epoch => Of(Main, epoch)),
            .. Measures(),
            ("ms a step", epoch => Number(epoch.Milliseconds, "#,0.0")),
            ("mean k", epoch => Number(epoch.MeanEvaluations, "0.00")),
            ("worst k", epoch => Number(epoch.WorstEvaluations, "0")),
            ("worst residual", epoch => Number(epoch.WorstResidual, "0.0e-0")),
            ("replays", epoch => Number(epoch.Replays, "#,0")),
        ];
        return Section("Epochs", $"Means over the steps of each epoch; the {Held} part at its end.",
            Table(
                ["epoch", .. columns.Select(column => column.Name)],
                _epochs.Select(epoch => (string[])
                    [Number(epoch.Key + 1, "0"), .. columns.Select(column => column.Text(epoch.Value))])));
    }

    // The task's own measures of an evaluation.
    private (string Name, Func<EpochMetrics, string> Text)[] Measures() => Segments
        ? [($"{Held} Dice, foreground", epoch => Number(epoch.Held?.ForegroundDice ?? double.NaN, "0.0000"))]
        : [.. Others.Select(measure => (
            $"{Held} {measure.Title}", (Func<EpochMetrics, string>)(epoch => Of(measure, epoch))))];

    private TaskMeasure Main => TaskMeasure.Of(recipe.Model.Task)[0];

    private IEnumerable<TaskMeasure> Others => TaskMeasure.Of(recipe.Model.Task).Skip(1);

    private static string Of(TaskMeasure measure, EpochMetrics epoch) =>
        Cell(measure, epoch.Held is { } result ? measure.OfResult(result) : double.NaN);

    private static string Cell(TaskMeasure measure, double value) =>
        measure.IsShare ? Percent(value) : Number(value, "0.0000");

    private static string Text(TaskMeasure measure, double value) =>
        Cell(measure, value) + (measure.IsShare ? " %" : "");

    /// <summary>Curves, classes, cases and pictures of a run that segments.</summary>
    public IEnumerable<XElement> Segmentation(SegmentationResult masks) =>
    [
        SegmentationSections.Curves(history, masks.Classes, LastStep, StepsPerEpoch),
        .. SegmentationSections.Create(masks),
    ];

    /// <summary>k and residuals.</summary>
    public XElement Inversion() => Inverts
        ? Section("Inversion",
            "k is the number of branch evaluations that recovered a block's input from its output. The residual, "
            + "‖x + F(x) − y‖ / ‖x‖, is the worst of all blocks. "
            + $"If it is above {Number(recipe.Reversible.Inversion.HardLimit, "0.###")}, the input is "
            + "recomputed instead (a replay).",
            HeatMap.Draw(history.Steps, _blockNames),
            new LineChart("Worst inversion residual of a step", "0.0e-0", LastStep, StepsPerEpoch, Logarithmic: true)
                .Draw(Line("worst of the blocks", step => step.WorstResidual)),
            Coefficients())
        : Section(
            "Inversion",
            "No block was inverted: the policy is "
            + $"'{recipe.Reversible.Policies.Policy.ToString().ToLowerInvariant()}'.");

    // What adaptive control made of the last epoch; nothing where all blocks have one coefficient.
    private XElement? Coefficients()
    {
        EpochMetrics last = _epochs.Values.Last();
        return last.IsAdaptive
            ? Table(
                ["block", "coefficient c", "mean contraction", "mean k, last epoch"],
                _blockNames.Select((name, block) => (string[])
            [
                name,
                Number(last.CoefficientOf(block), "0.00"),
                Number(last.ContractionOf(block), "0.00"),
                Number(last.EvaluationsOf(block), "0.00"),
            ]))
            : null;
    }

    /// <summary>Peak memory by purpose.</summary>
    public XElement Memory()
    {
        string policy = recipe.Reversible.Policies.Policy.ToString().ToLowerInvariant();
        if (record is null)
        {
            return Section("Memory", "It was not recorded: the run has not come to an end or a stop yet.");
        }
        long total = record.PeakBytes.Values.Sum();
        return Section("Memory",
            $"Peak bytes of each purpose in the device's arena, under the policy '{policy}'. The policy changes the "
            + "activations; the command 'revup memory' compares the policies.",
            Table(["purpose", $"peak under '{policy}', MiB", "share %"],
                record.PeakBytes.Append(new("sum of the peaks", total)).Select(peak => (string[])
                    [peak.Key, MiB(peak.Value), Percent(total == 0 ? 0 : peak.Value / (double)total)])));
    }

    /// <summary>Where and how fast.</summary>
    public XElement Machine()
    {
        double seconds = history.Steps.Sum(step => step.Milliseconds) / 1000;
        double images = (double)recipe.Training.BatchSize * recipe.Training.Accumulate * history.Steps.Count;
        List<string[]> rows =
        [
            ["steps", Number(history.Steps.Count, "#,0")],
            ["time of all steps, without data loading", $"{Number(seconds, "#,0.0")} s"],
            ["median time of a step", $"{Number(history.MedianMilliseconds, "#,0.00")} ms"],
            ["images a second, without data loading", Number(images / seconds, "#,0.0")],
        ];
        if (history.MeanWait is { } wait)
        {
            rows.Add(["wait of a step for ranks, rank 0 and the slowest", Format.Wait(wait)]);
        }
        if (record is not null)
        {
            string state =
                record.Summary.Interrupted ? $"stopped after step {Number(record.Summary.Step, "#,0")}" : "complete";
            rows.AddRange(
            [
                ["training time spent waiting for data", $"{Percent(record.DataWaitShare ?? double.NaN)} %"],
                ["state of the run", state],
                ["device", record.Device],
                ["computed in", recipe.Model.Precision.Text()],
                ["operating system", record.System],
                ["runtime", record.Runtime],
                ["RevUp", record.Version],
            ]);
        }
        return Section("Time and machine", "The machine ran the last process of the run.", Table(["", ""], rows));
    }

    /// <summary>Request of the run.</summary>
    public XElement Recipe() =>
        Section(
            "Recipe",
            $"Overrides included. {recipe.Source}",
            Tag("pre", Attribute("tabindex", 0), Tag("code", RecipeFile.Serialize(recipe))));

    private XElement Chart(
        string title, string format, Func<StepMetrics, double> train, Func<EvaluationResult, double>? test)
    {
        List<ChartLine> lines = [Line("training", train)];
        if (test is not null)
        {
            (double, double)[] points = [.. history.Curve.Select(e => ((double)e.Step, test(e.Result)))];
            lines.Add(new ChartLine(Held, Test, points, Marked: true));
        }
        return new LineChart(title, format, LastStep, StepsPerEpoch).Draw(lines);
    }

    private ChartLine Line(string name, Func<StepMetrics, double> value) =>
        new(
            name, Train, LineChart.Average([.. history.Steps.Select(step => ((double)step.Step, value(step)))]),
            Marked: false);

    private static string Name(MemoryPurpose purpose) => purpose.ToString().ToLowerInvariant();
}
