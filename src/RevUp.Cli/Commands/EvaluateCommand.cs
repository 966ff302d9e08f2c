using System.CommandLine;
using RevUp.Backends;
using RevUp.Cli.Output;
using RevUp.Data;
using RevUp.Training;
using Spectre.Console;

namespace RevUp.Cli.Commands;

/// <summary><c>revup evaluate</c>: top-1 and loss of a checkpoint on the test set of its recipe.</summary>
internal static class EvaluateCommand
{
    public static Command Create(Terminal terminal, CommonOptions common)
    {
        CheckpointOption checkpoint = new();
        Command command = new("evaluate", "Evaluate a checkpoint on the test set of its recipe.") { checkpoint };
        command.SetAction(arguments =>
        {
            using Backend backend = common.OpenBackend(arguments);
            using LoadedCheckpoint loaded = Checkpoint.Load(backend, arguments.GetRequiredValue(checkpoint));
            using ImageDataset data = Datasets.Open(loaded.Recipe.Data, DatasetSplit.Test);
            EvaluationResult result = Evaluator.Evaluate(loaded.Network, data, loaded.Normalization, loaded.Recipe.EvaluationBatches);
            if (arguments.GetValue(common.Json))
            {
                terminal.WriteJson(new EvaluationDocument(result.Top1, result.Loss, result.Samples), DocumentJson.Default.EvaluationDocument);
                return;
            }
            terminal.Write(terminal.NewTable("top-1", "loss", "images", "step")
                .AddRow(Format.Percent(result.Top1), Format.Loss(result.Loss), Format.Count(result.Samples), Format.Count(loaded.Step)));
        });
        return command;
    }
}
