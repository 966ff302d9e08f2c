using System.CommandLine;
using RevUp.Backends;
using RevUp.Cli.Output;
using RevUp.Data;
using RevUp.Runs;
using Spectre.Console;

namespace RevUp.Cli.Commands;

/// <summary><c>revup evaluate</c>: top-1 and loss of a checkpoint on the test set of its recipe.</summary>
internal static class EvaluateCommand
{
    public static Command Create(Terminal terminal, CommonOptions common)
    {
        CheckpointOption checkpoint = new();
        DataOptions where = new();
        Command command = new("evaluate", "Evaluate a checkpoint on the test set of its recipe.") { checkpoint };
        where.AddTo(command);
        command.SetAction(arguments =>
        {
            using Backend backend = common.OpenBackend(arguments);
            using LoadedCheckpoint loaded = CheckpointOption.Load(
                terminal, backend, arguments.GetRequiredValue(checkpoint), where.Overrides(arguments));
            using ImageDataset data = loaded.OpenData(DatasetSplit.Test, terminal.Note);
            DamagedSamples damaged = new(data, loaded.Recipe.Data.MaximumDamagedShare, sample => terminal.Note($"left out: {sample.Reason}"));
            BatchLoaderOptions batches = loaded.Recipe.EvaluationBatches with { Damaged = damaged };
            EvaluationResult result = Evaluator.Evaluate(loaded.Network, data, loaded.Normalization, batches);
            if (arguments.GetValue(common.Json))
            {
                EvaluationDocument document = new(result.Top1, result.Loss, result.Samples, result.LeftOut);
                terminal.WriteJson(document, DocumentJson.Default.EvaluationDocument);
                return;
            }
            string[] row = [Format.Percent(result.Top1), Format.Loss(result.Loss), Format.Images(result), Format.Count(loaded.Step)];
            terminal.Write(terminal.NewTable("top-1", "loss", "evaluated", "step").AddRow(row));
        });
        return command;
    }
}
