using System.Text.Json;
using RevUp.Cli.Reporting;

namespace RevUp.Cli.StudyRuns;

/// <summary>
/// A study from where it stands to its end or interruption, in its folder: study.md, study.json and
/// study.html are what is known so far.
/// </summary>
internal sealed class StudySession(Terminal terminal, Study study, IReadOnlyList<Recipe> recipes, string folder)
{
    public int Run(int jobs, int threads, IReadOnlyList<string> device, bool json)
    {
        using IDisposable hold = RunLock.Take(folder);
        StudyTask[] tasks = Plan();
        StudyTask[] left = [.. tasks.Where(task => !IsDone(task))];
        terminal.Note(
            $"{study.Name}: {Format.Count(recipes.Count)} rows × {Format.Count(study.Seeds.Count)} seeds, "
            + $"{Format.Count(left.Length)} of "
            + $"{Format.Count(tasks.Length)} runs to do, {Format.Count(jobs)} at a time with {Format.Count(threads)} "
            + $"of the processor's threads, in {folder}");
        using Interruption interruption = new(
            terminal, "Stopping: runs in flight finish their step and save; once more ends at once.");
        StudyRunner runner = new(terminal, new ChildProcess(threads, alone: jobs == 1), device, () => Write(tasks, []));
        runner.RunAsync(left, jobs, interruption.Token).GetAwaiter().GetResult();
        IReadOnlyList<RowFigures> rows = Write(tasks, runner.Failures);
        if (json)
        {
            terminal.WriteJson(Document(rows, runner.Failures));
        }
        else
        {
            terminal.WriteLine(StudyTable.Markdown(study, rows).TrimEnd());
        }
        if (interruption.Token.IsCancellationRequested)
        {
            terminal.Note("Stopped; the same command goes on.");
            return ExitCode.Interrupted;
        }
        if (runner.Failures.Count > 0)
        {
            terminal.Note(
                $"error: {runner.Failures.Count} of {tasks.Length} runs failed, and the table is without them; the "
                + "same command tries them again.");
            return ExitCode.Failure;
        }
        return ExitCode.Success;
    }

    // Seeds outside, so that a slow hour of the machine meets every row, and every row has a result
    // early.
    private StudyTask[] Plan()
    {
        string[] folders = [.. recipes.Select(RowFolder)];
        return
        [
            .. from seed in study.Seeds
               from row in Enumerable.Range(0, recipes.Count)
               select new StudyTask(row, recipes[row], seed, folders[row]),
        ];
    }

    private string RowFolder(Recipe recipe)
    {
        (string path, bool changed) = new StudyFolder(folder).Row(recipe);
        if (changed)
        {
            terminal.Note(
                $"{recipe.Name}: its recipe differs from its runs so far, which stay where they are; it is trained "
                + $"again into {path}");
        }
        return path;
    }

    private static bool IsDone(StudyTask task)
    {
        try
        {
            return task.Result() is not null;
        }
        catch (ConfigurationException)
        {
            // Said when the run's turn comes.
            return false;
        }
    }

    private IReadOnlyList<RowFigures> Write(StudyTask[] tasks, IReadOnlyList<string> failures)
    {
        StudyTask[] done = [.. tasks.Where(IsDone)];
        IReadOnlyList<RowFigures> rows = RowFigures.Of(
            study,
            [.. recipes.Select(
                (_, row) =>
                    (IReadOnlyList<StudyRun>)[.. done.Where(task => task.Row == row).Select(task => task.Result()!)])]);
        WholeFile.Write(Path.Combine(folder, "study.md"), StudyTable.Markdown(study, rows));
        string document = JsonSerializer.Serialize(Document(rows, failures), DocumentJson.Default.StudyDocument);
        WholeFile.Write(Path.Combine(folder, "study.json"), document);
        StudyPage.Write(Path.Combine(folder, "study.html"), study, rows);
        return rows;
    }

    private StudyDocument Document(IReadOnlyList<RowFigures> rows, IReadOnlyList<string> failures) =>
        new(study.Name, study.Description, study.ReferenceName, rows, failures);
}
