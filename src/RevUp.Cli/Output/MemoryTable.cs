using RevUp.Planning;

namespace RevUp.Cli.Output;

/// <summary>Measured training steps as a table.</summary>
internal static class MemoryTable
{
    private const string Nothing = "-";

    public static Table Create(Terminal terminal, IReadOnlyList<MemoryRow> rows)
    {
        string[] slabs = rows.Any(row => row.Slab > 0) ? ["slab"] : [];
        Table table = terminal.NewTable(
        [
            "blocks", "policy", .. slabs, "activations", "parameters", "gradients", "optimizer", "workspace", "total",
            "process", "step ms", "k", "max k", "residual",
        ]);
        for (int column = 2; column < table.Columns.Count; column++)
        {
            table.Columns[column].RightAligned();
        }
        table.Columns[0].RightAligned();
        foreach (MemoryRow row in rows)
        {
            bool inverts = row.MaxEvaluations > 0;
            table.AddRow(
            [
                Format.Count(row.Blocks),
                Format.Name(row.Policy),
                .. slabs.Select(_ => row.Slab > 0 ? Format.Count(row.Slab) : Nothing),
                Format.MiB(row.ActivationPeakBytes),
                Format.MiB(row.ParameterBytes),
                Format.MiB(row.GradientBytes),
                Format.MiB(row.OptimizerBytes),
                Format.MiB(row.WorkspaceBytes),
                Format.MiB(row.TotalPeakBytes),
                Format.MiB(row.ProcessPeakBytes),
                Format.Milliseconds(row.StepMilliseconds),
                inverts ? Format.Evaluations(row.MeanEvaluations) : Nothing,
                inverts ? Format.Count(row.MaxEvaluations) : Nothing,
                inverts ? Format.Scientific(row.MaxInversionResidual) : Nothing,
            ]);
        }
        return table;
    }
}
