namespace RevUp.Cli.Output;

/// <summary>Results of a training, one line per number.</summary>
internal static class SummaryTable
{
    public static Table Create(Terminal terminal, RunSummary summary)
    {
        EvaluationResult result = summary.Evaluation;
        string part = result.Part.Text();
        Table table = terminal.NewTable("result", "value")
            .AddRow($"{part} top-1", $"{Format.Percent(result.Top1)} of {Format.Images(result)}")
            .AddRow($"{part} loss", Format.Loss(result.Loss));
        if (result.Classes is { } classes)
        {
            string figures = $"{Format.Percent(classes.BalancedAccuracy)}, {Format.Fixed(classes.Auc)}";
            table.AddRow($"{part} balanced accuracy, AUC", figures);
        }
        if (result.Segmentation is { } maps)
        {
            string dice = string.Join(", ", maps.Dice.Skip(1).Select(value => Format.Fixed(value)));
            table.AddRow($"{part} Dice, mean of the foreground", $"{Format.Fixed(maps.ForegroundDice)} ({dice})");
            table.AddRow($"{part} IoU, mean of all classes", Format.Fixed(maps.PooledIou));
        }
        if (summary is { ChosenStep: { } step, Validation: { } validation })
        {
            string quality = $"top-1 {Format.Percent(validation.Top1)}, loss {Format.Loss(validation.Loss)}"
                + (validation.Segmentation is { } chosen
                    ? $", Dice {Format.Fixed(chosen.ForegroundDice)}, IoU {Format.Fixed(chosen.PooledIou)}"
                    : "");
            table.AddRow("chosen on the validation part", $"step {Format.Count(step)}, {quality}");
        }
        if (summary.DamagedSamples > 0)
        {
            table.AddRow("damaged samples, named in damaged.txt", Format.Count(summary.DamagedSamples));
        }
        table.AddRow("steps", Format.Count(summary.Step))
            .AddRow("step time, median", $"{Format.Milliseconds(summary.StepMilliseconds)} ms")
            .AddRow("training time spent waiting for data", Format.Percent(summary.DataWaitShare));
        if (summary.Wait is { } wait)
        {
            table.AddRow("wait of a step for ranks, rank 0 and the slowest", Format.Wait(wait));
        }
        if (summary.MaxEvaluations > 0)
        {
            table.AddRow(
                "branch evaluations k, mean and most",
                $"{Format.Evaluations(summary.MeanEvaluations)}, {summary.MaxEvaluations}");
            table.AddRow("worst inversion residual", Format.Scientific(summary.MaxInversionResidual));
        }
        if (summary.Replays > 0)
        {
            table.AddRow("inversions refused, inputs recomputed", Format.Count(summary.Replays));
        }
        return table
            .AddRow("activation memory, peak of the run", $"{Format.MiB(summary.Peak[MemoryPurpose.Activations])} MiB")
            .AddRow("memory of all purposes, peak of the run", $"{Format.MiB(summary.TotalPeakBytes)} MiB")
            .AddRow("files of the run", Markup.Escape(summary.Folder));
    }
}
