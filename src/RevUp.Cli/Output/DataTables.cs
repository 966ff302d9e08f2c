namespace RevUp.Cli.Output;

/// <summary>
/// Shows one part of a dataset: its classes, its sizes, and what lies beside its samples.
/// </summary>
internal static class DataTables
{
    private const int MostClasses = 50;

    /// <summary>Writes a headline and three tables.</summary>
    public static void Write(Terminal terminal, DatasetKind kind, DatasetPart part)
    {
        (int least, int most) = (part.Classes.Min(label => label.Samples), part.Classes.Max(label => label.Samples));
        string name = part.Name.Length == 0 ? Format.Name(kind) : $"{Format.Name(kind)}, {part.Name}";
        terminal.WriteLine(
            FormattableString.Invariant(
                $"{name}: {part.Samples} samples in {part.Classes.Count} classes of {least} to {most}"));
        Table classes = terminal.NewTable("label", "class", "samples");
        for (int label = 0; label < Math.Min(part.Classes.Count, MostClasses); label++)
        {
            classes.AddRow(
                Format.Count(label), Text(part.Classes[label].Name), Format.Count(part.Classes[label].Samples));
        }
        if (part.Classes.Count > MostClasses)
        {
            classes.AddRow(
                "",
                FormattableString.Invariant($"and {part.Classes.Count - MostClasses} more (--json lists them)"),
                "");
        }
        terminal.Write(classes);
        Table sizes = terminal.NewTable("size", "samples");
        foreach (SampleCount size in part.Sizes)
        {
            sizes.AddRow(size.Name, Format.Count(size.Samples));
        }
        terminal.Write(sizes);
        foreach (DataFinding finding in part.Findings)
        {
            terminal.WriteLine($"{(finding.IsProblem ? "left out" : "skipped")}: {Sentence(finding)}");
        }
    }

    /// <summary>A finding in a line: how many, of what sort, and the first of them.</summary>
    public static string Sentence(DataFinding finding)
    {
        string more = finding.Count > finding.Examples.Count ? ", ..." : "";
        return FormattableString.Invariant(
            $"{finding.Count} × {finding.What}: {string.Join(", ", finding.Examples)}{more}");
    }

    private static string Text(string name) => Markup.Escape(PrintableText.Of(name));
}
