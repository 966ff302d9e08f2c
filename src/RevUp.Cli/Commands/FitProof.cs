using System.Text.Json;
using RevUp.Cli.StudyRuns;
using RevUp.Planning;

namespace RevUp.Cli.Commands;

/// <summary>
/// One real step of a planned recipe, in a process of its own: where it runs out of memory, the
/// system ends that process, and this one can tell.
/// </summary>
/// <param name="terminal">For the progress.</param>
/// <param name="threads">Of the CPU; 0 for all processors.</param>
/// <param name="device">Options with which another process computes on the same device.</param>
internal sealed class FitProof(Terminal terminal, int threads, IEnumerable<string> device)
{
    private const int Killed = 128 + 9;

    private static readonly TimeSpan s_second = TimeSpan.FromSeconds(1);

    /// <summary>Runs the step.</summary>
    /// <param name="recipe">With the plan of every block.</param>
    /// <param name="expected">Time of the step, for the progress.</param>
    /// <param name="stop">Ends the step at once.</param>
    /// <returns>The measured step, or why there is none.</returns>
    public (MemoryRow? Row, string? Problem) Run(Recipe recipe, TimeSpan expected, CancellationToken stop)
    {
        if (stop.IsCancellationRequested)
        {
            return (null, "it was interrupted before");
        }
        string folder = Directory.CreateTempSubdirectory("revup-fit-").FullName;
        try
        {
            string file = Path.Combine(folder, "recipe.json");
            File.WriteAllText(file, recipe.ToJson());
            ChildProcess processes = new(threads > 0 ? threads : Environment.ProcessorCount, alone: true);
            Task<ChildResult> step = processes.RunAsync(
                [
                    "memory", "--recipe", file, "--policy", Format.Name(recipe.Reversible.Policies.Policy), "--once",
                    "--json", .. device,
                ],
                Path.Combine(folder, "log"), _ => { }, stop);
            terminal.Note($"proving it with one real step, about {Format.Duration(expected)} ...");
            ChildResult result = ProgressBar.Show(
                terminal, "seconds of the step", report => Wait(step, expected, report));
            return Judge(result, stop);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static ChildResult Wait(Task<ChildResult> step, TimeSpan expected, Action<int, int> report)
    {
        int all = Math.Max(1, (int)Math.Ceiling(expected.TotalSeconds));
        for (int second = 1; !step.Wait(s_second); second++)
        {
            // A step that takes longer than expected goes on behind a full bar.
            if (second < all)
            {
                report(second, all);
            }
        }
        return step.Result;
    }

    private static (MemoryRow? Row, string? Problem) Judge(ChildResult result, CancellationToken stop) => result switch
    {
        { ExitCode: ExitCode.Success } =>
            (JsonSerializer.Deserialize(result.Output, DocumentJson.Default.MemoryDocument)!.Rows[0], null),
        _ when stop.IsCancellationRequested => (null, "it was interrupted"),
        { ExitCode: Killed } =>
            (null, "the system ended it, because the machine ran out of memory; use a smaller --memory-budget"),
        _ => (null, result.LastError.TrimEnd('.')),
    };
}
