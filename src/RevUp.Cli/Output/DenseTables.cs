using RevUp.Data.Dense;

namespace RevUp.Cli.Output;

/// <summary>Shows one part of a dataset with label maps.</summary>
internal static class DenseTables
{
    /// <summary>Writes a headline and tables of extents, spacings and classes.</summary>
    public static void Write(Terminal terminal, DatasetKind kind, DensePart part)
    {
        terminal.WriteLine(
            FormattableString.Invariant($"{Format.Name(kind)}, {part.Name}: {part.Cases} cases of ")
            + FormattableString.Invariant($"{part.Channels.Count} channels ({string.Join(", ", part.Channels)})"));
        Table sizes = terminal.NewTable("", "least", "median", "most");
        AddRow(sizes, "extents", part.Extents);
        AddRow(sizes, "mm", part.Spacing);
        terminal.Write(sizes);
        long all = Math.Max(1, part.Classes.Sum(label => label.Voxels));
        Table classes = terminal.NewTable("label", "class", "voxels", "share");
        for (int label = 0; label < part.Classes.Count; label++)
        {
            VoxelCount count = part.Classes[label];
            classes.AddRow(
                Format.Count(label),
                Markup.Escape(PrintableText.Of(count.Name)),
                Format.Count(count.Voxels),
                string.Create(CultureInfo.InvariantCulture, $"{100.0 * count.Voxels / all:0.00} %"));
        }
        terminal.Write(classes);
        foreach (string line in part.Damaged)
        {
            terminal.WriteLine($"damaged: {line}");
        }
        foreach (DataFinding finding in part.Findings)
        {
            terminal.WriteLine($"{(finding.IsProblem ? "left out" : "skipped")}: {DataTables.Sentence(finding)}");
        }
    }

    private static void AddRow(Table table, string name, IReadOnlyList<AxisRange> axes)
    {
        if (axes.Count > 0)
        {
            table.AddRow(
                name, Text(axes, axis => axis.Least), Text(axes, axis => axis.Median), Text(axes, axis => axis.Most));
        }
    }

    private static string Text(IReadOnlyList<AxisRange> axes, Func<AxisRange, double> value) =>
        string.Join(" × ", axes.Select(axis => value(axis).ToString("0.###", CultureInfo.InvariantCulture)));
}
