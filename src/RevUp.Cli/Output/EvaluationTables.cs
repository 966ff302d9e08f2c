namespace RevUp.Cli.Output;

/// <summary>An evaluation in tables: the whole part, then each class.</summary>
internal static class EvaluationTables
{
    // More fill a screen, and are in --json.
    private const int MaximumClasses = 20;
    private const int MaximumConfusion = 10;

    public static void Write(Terminal terminal, EvaluationResult result, IReadOnlyList<string> names, long step)
    {
        string[] row =
        [
            result.Part.Text(),
            Format.Percent(result.Top1),
            Format.Loss(result.Loss),
            double.IsNaN(result.BalancedAccuracy) ? "-" : Format.Percent(result.BalancedAccuracy),
            Format.Fixed(result.Auc),
            Format.Images(result),
            Format.Count(step),
        ];
        terminal.Write(
            terminal.NewTable("part", "top-1", "loss", "balanced accuracy", "AUC", "evaluated", "step").AddRow(row));
        if (result.Segmentation is { } maps)
        {
            Table dice = terminal.NewTable("class", "Dice, mean of the cases");
            for (int k = 0; k < names.Count; k++)
            {
                dice.AddRow(Text(names[k]), Format.Fixed(maps.Dice[k]));
            }
            terminal.Write(dice.AddRow("foreground", Format.Fixed(maps.ForegroundDice)));
            if (maps.Regions.Count > 0)
            {
                Table regions = terminal.NewTable("region", "Dice, mean of the cases");
                foreach (RegionDice region in maps.Regions)
                {
                    regions.AddRow(Text(region.Name), Format.Fixed(region.Dice));
                }
                terminal.Write(regions);
            }
            terminal.WriteLine($"IoU, mean of all classes: {Format.Fixed(maps.PooledIou)}");
        }
        if (result.Classes is { } classes && names.Count <= MaximumClasses)
        {
            terminal.Write(Classes(terminal, classes, names));
        }
    }

    private static Table Classes(Terminal terminal, ClassMeasures classes, IReadOnlyList<string> names)
    {
        string[] headings = names.Count <= MaximumConfusion ? [.. names.Select(name => $"as {Text(name)}")] : [];
        Table table = terminal.NewTable(["class", "samples", "recall", .. headings]);
        for (int k = 0; k < names.Count; k++)
        {
            string recall = double.IsNaN(classes.Recall[k]) ? "-" : Format.Percent(classes.Recall[k]);
            IEnumerable<string> taken = headings.Select((_, other) => Format.Count(classes.Confusion(k, other)));
            table.AddRow([Text(names[k]), Format.Count(classes.Samples[k]), recall, .. taken]);
        }
        return table;
    }

    private static string Text(string name) => Markup.Escape(PrintableText.Of(name));
}
