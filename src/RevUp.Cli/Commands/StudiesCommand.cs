using RevUp.Cli.StudyRuns;

namespace RevUp.Cli.Commands;

/// <summary>
/// <c>revup studies</c>: the studies that the tool carries, as a list or one of them in full.
/// </summary>
internal static class StudiesCommand
{
    public static Command Create(Terminal terminal, CommonOptions common)
    {
        Command command = new("studies", "List the studies that come with the tool.") { Show(terminal) };
        command.SetAction(arguments =>
        {
            StudyEntry[] entries = [.. StudyCatalog.Names.Select(name => StudyFile.Parse(StudyCatalog.Text(name), name))
                .Select(study => new StudyEntry(study.Name, study.Description, study.Rows.Count, study.Seeds.Count))];
            if (arguments.GetValue(common.Json))
            {
                terminal.WriteJson(new StudiesDocument(entries));
                return;
            }
            Table table = terminal.NewTable("study", "runs").AddColumn("description");
            foreach (StudyEntry entry in entries)
            {
                table.AddRow(
                    entry.Name,
                    $"{Format.Count(entry.Rows)} × {Format.Count(entry.Seeds)}",
                    Markup.Escape(entry.Description));
            }
            terminal.Write(table);
        });
        return command;
    }

    private static Command Show(Terminal terminal)
    {
        Argument<string> name = Usage.Argument("NAME", "A study's name or file.");
        Command command = new("show", "Print a study, to be saved and changed.") { name };
        command.SetAction(
            arguments => terminal.WriteLine(StudyCatalog.Text(arguments.GetRequiredValue(name)).TrimEnd()));
        return command;
    }
}
