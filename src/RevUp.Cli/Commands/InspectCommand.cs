using System.CommandLine;
using RevUp.Backends;
using RevUp.Cli.Output;
using RevUp.Data;
using RevUp.Diagnostics;
using RevUp.Training;
using Spectre.Console;

namespace RevUp.Cli.Commands;

/// <summary><c>revup inspect</c>: how invertible each block of a checkpoint is, in bounds and in fact.</summary>
internal static class InspectCommand
{
    public static Command Create(Terminal terminal, CommonOptions common)
    {
        CheckpointOption checkpoint = new();
        Command command = new("inspect", "Show how invertible each block of a checkpoint is.") { checkpoint };
        command.SetAction(arguments =>
        {
            using Backend backend = common.OpenBackend(arguments);
            using LoadedCheckpoint loaded = Checkpoint.Load(backend, arguments.GetRequiredValue(checkpoint));
            Recipe recipe = loaded.Recipe;
            using ImageDataset data = Datasets.Open(recipe.Data, DatasetSplit.Test);
            IReadOnlyList<BlockReport> blocks =
                NetworkInspector.Inspect(loaded.Network, data, loaded.Normalization, recipe.Reversible.Inversion, recipe.EvaluationBatches);
            if (arguments.GetValue(common.Json))
            {
                terminal.WriteJson(new InspectDocument(blocks), DocumentJson.Default.InspectDocument);
                return;
            }
            terminal.Write(Describe(terminal, blocks));
            terminal.WriteLine("σ: spectral norm of each convolution; bound: |s|·∏σ as training left it, and after further power iterations; "
                + "contraction: measured on test images; k: branch evaluations of the inversion.");
        });
        return command;
    }

    private static Table Describe(Terminal terminal, IEnumerable<BlockReport> blocks)
    {
        Table table = terminal.NewTable("block", "name", "σ", "bound", "converged", "contraction", "k", "residual");
        foreach (BlockReport block in blocks)
        {
            table.AddRow(
                Format.Count(block.Index),
                Markup.Escape(block.Name),
                string.Join("  ", block.Sigmas.Select(Format.Fixed)),
                Format.Fixed(block.Bound),
                Format.Fixed(block.ConvergedBound),
                Format.Fixed(block.Contraction),
                Format.Count(block.Evaluations),
                Format.Scientific(block.Residual));
        }
        return table;
    }
}
