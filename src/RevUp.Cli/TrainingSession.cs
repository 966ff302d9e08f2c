using RevUp.Distributed;
using RevUp.Layers;

namespace RevUp.Cli;

/// <summary>
/// One training from start or checkpoint to end or interruption, shown while it runs.
/// </summary>
internal static class TrainingSession
{
    public static RunSummary Run(
        Terminal terminal, Backend backend, Recipe recipe, string folder, bool resume, bool attached = false,
        Collective? ranks = null, StepWindow? window = null)
    {
        ranks ??= Collective.Alone;
        const string Notice =
            "Stopping after this step or batch of the evaluation, with a checkpoint; once more ends at once.";
        using Interruption interruption = new(terminal, Notice, attached);
        using TrainingRun run = new(backend, recipe, folder, resume, ranks) { Window = window };
        terminal.Note(
            $"{recipe.Name}: {Format.Blocks(recipe.Model.BlockCount)} in "
            + $"{run.Network.Settings.Precision.Text(backend)}, policy "
            + $"{Format.Name(recipe.Reversible.Policies.Policy)}, on {backend.Name} ({backend.Description}), "
            + (ranks.IsAlone ? "" : $"on {ranks.Size} ranks of {ranks.Library}, ") + $"into {folder}");
        if (run.Initial is { } initial)
        {
            terminal.Note($"Initial weights from {initial.Path}: {initial.Report}.");
        }
        if (run.Network.Trained.Freeze is { } freeze)
        {
            ParameterStore store = run.Network.Parameters;
            terminal.Note(
                $"Frozen up to '{freeze}': {run.Network.Frozen} of {run.Network.Layers.Count} layers; "
                + string.Create(
                    CultureInfo.InvariantCulture,
                    $"{store.TrainedCount:#,0} of {store.Count:#,0} parameters are trained."));
        }
        PlanText.Write(terminal, recipe.Model, run.Plan, run.Forecast);
        return terminal.IsLive
            ? LiveProgress.Show(terminal.Progress, run, interruption.Token)
            : run.Run(new PlainProgress(terminal).Report, interruption.Token);
    }

    /// <summary>Says with which command an interrupted run goes on.</summary>
    public static int ReportInterruption(Terminal terminal, RunSummary summary, IEnumerable<string> continuation)
    {
        string place = summary.Checkpoint.Length > 0 ? $" with the checkpoint {summary.Checkpoint}" : "";
        terminal.Note($"Stopped after step {summary.Step}{place}. This goes on:");
        terminal.Note("  " + CommandName.Line(continuation));
        return ExitCode.Interrupted;
    }
}
