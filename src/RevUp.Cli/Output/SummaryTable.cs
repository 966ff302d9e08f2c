using RevUp.Runs;
using RevUp.Tensors;
using Spectre.Console;

namespace RevUp.Cli.Output;

/// <summary>What came out of a training, one line per number.</summary>
internal static class SummaryTable
{
    public static Table Create(Terminal terminal, RunSummary summary)
    {
        Table table = terminal.NewTable("result", "value")
            .AddRow("test top-1", $"{Format.Percent(summary.Evaluation.Top1)} of {Format.Images(summary.Evaluation)}")
            .AddRow("test loss", Format.Loss(summary.Evaluation.Loss))
            .AddRow("steps", Format.Count(summary.Step))
            .AddRow("step time, median", $"{Format.Milliseconds(summary.StepMilliseconds)} ms");
        if (summary.MaxEvaluations > 0)
        {
            table.AddRow("branch evaluations k, mean and most", $"{Format.Evaluations(summary.MeanEvaluations)}, {summary.MaxEvaluations}");
            table.AddRow("worst inversion residual", Format.Scientific(summary.MaxInversionResidual));
        }
        if (summary.Replays > 0)
        {
            table.AddRow("inversions refused, inputs recomputed", Format.Count(summary.Replays));
        }
        return table
            .AddRow("activation memory, peak of the run", $"{Format.MiB(summary.Peak[MemoryPurpose.Activations])} MiB")
            .AddRow("memory of all purposes, peak of the run", $"{Format.MiB(summary.TotalPeakBytes)} MiB")
            .AddRow("files of the run", Markup.Escape(summary.Folder));
    }
}
