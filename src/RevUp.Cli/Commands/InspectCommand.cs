using RevUp.Diagnostics;

namespace RevUp.Cli.Commands;

/// <summary>
/// <c>revup inspect</c>: how invertible each block of a checkpoint is, in bounds and in fact.
/// </summary>
internal static class InspectCommand
{
    public static Command Create(Terminal terminal, CommonOptions common)
    {
        CheckpointOption checkpoint = new();
        DataOptions where = new();
        Option<int?> images = Usage.Option<int?>("--images", "N", "Test images to invert; one batch by default.");
        images.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int?>() is int and < 1)
            {
                result.AddError("--images takes a positive number.");
            }
        });
        Command command = new("inspect", "Show how invertible each block of a checkpoint is.") { checkpoint, images };
        where.AddTo(command);
        command.SetAction(arguments =>
        {
            using Backend backend = common.OpenBackend(arguments);
            using LoadedCheckpoint loaded = CheckpointOption.Load(
                terminal, backend, arguments.GetRequiredValue(checkpoint), where.Overrides(arguments));
            Recipe recipe = loaded.Recipe;
            using ImageDataset data = loaded.OpenData(null, terminal.Note);
            Inspection inspection = NetworkInspector.Inspect(
                loaded.Network, data, loaded.Normalization, recipe.Reversible.Inversion, recipe.EvaluationBatches,
                arguments.GetValue(images));
            if (arguments.GetValue(common.Json))
            {
                terminal.WriteJson(inspection);
                return;
            }
            terminal.Write(Describe(terminal, inspection.Blocks));
            terminal.WriteLine(
                "σ: spectral norm of each convolution; limit: what the control keeps the bound under; bound: |s|·∏σ as "
                + "training left it, and after further power iterations; contraction, k (branch evaluations) and "
                + $"residual: the worst of {Format.Count(inspection.Images)} test images.");
        });
        return command;
    }

    private static Table Describe(Terminal terminal, IEnumerable<BlockReport> blocks)
    {
        Table table = terminal.NewTable(
            "block", "name", "σ", "limit", "bound", "converged", "contraction", "k", "residual");
        foreach (BlockReport block in blocks)
        {
            table.AddRow(
                Format.Count(block.Index),
                Markup.Escape(block.Name),
                string.Join("  ", block.Sigmas.Select(Format.Fixed)),
                Format.Fixed(block.Limit),
                Format.Fixed(block.Bound),
                Format.Fixed(block.ConvergedBound),
                Format.Fixed(block.Contraction),
                Format.Count(block.Evaluations),
                Format.Scientific(block.Residual));
        }
        return table;
    }
}
