namespace RevUp.Cli.Commands;

/// <summary>
/// <c>revup train</c>: trains a recipe, from the start or from a run's last checkpoint.
/// </summary>
internal static class TrainCommand
{
    private const string ResumeName = "--resume";

    public static Command Create(Terminal terminal, CommonOptions common)
    {
        RecipeOptions recipes = new();
        Option<string?> output = Usage.Option<string?>(
            "--output", "DIR", "The run's folder; runs/ and the recipe's name by default.");
        Option<bool> graph = Usage.Flag(
            "--cuda-graph", "Replay steps as CUDA graphs; the same as --set training.cudaGraph=true.");
        Option<bool> resume = Usage.Flag(ResumeName, "Go on from the last checkpoint in the run's folder.");
        Option<bool> attached = Usage.Flag(
            "--attached", "Stop, with a checkpoint, when standard input ends: for programs that start trainings.");
        MemoryBudgetOption budget = new();
        Command command = new("train", "Train a network by a recipe. Ctrl-C finishes the step and writes a checkpoint.")
        {
            output, graph, budget, resume, attached,
        };
        recipes.AddTo(command);
        command.SetAction(arguments =>
        {
            string[] recorded = arguments.GetValue(graph) ? ["training.cudaGraph=true"] : [];
            Recipe recipe = recipes.Load(arguments, common, [.. recorded, .. budget.Overrides(arguments)]);
            string folder = arguments.GetValue(output) ?? Path.Combine("runs", recipe.Name);
            RunFolder.Require(folder, arguments.GetValue(resume));
            using Backend backend = common.OpenBackend(arguments);
            RunSummary summary = TrainingSession.Run(
                terminal, backend, recipe, folder, arguments.GetValue(resume), arguments.GetValue(attached));
            if (arguments.GetValue(common.Json))
            {
                terminal.WriteJson(TrainDocument.From(summary));
            }
            if (summary.Interrupted)
            {
                IEnumerable<string> words =
                    arguments.Tokens.Select(token => token.Value).Where(word => word != ResumeName);
                return TrainingSession.ReportInterruption(terminal, summary, words.Append(ResumeName));
            }
            if (!arguments.GetValue(common.Json))
            {
                terminal.Write(SummaryTable.Create(terminal, summary));
            }
            return ExitCode.Success;
        });
        return command;
    }
}
