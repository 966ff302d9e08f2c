using RevUp.Planning;
using RevUp.Reversible;

namespace RevUp.Benchmarks.Studies;

/// <summary>How studies print a <see cref="MemoryRow"/>.</summary>
internal static class MemoryTable
{
    /// <summary>The names of the columns of <see cref="Row"/>.</summary>
    public static IReadOnlyList<string> Columns { get; } =
    [
        "policy", "blocks", "activations, bytes", "activations", "parameters", "gradients", "optimizer", "workspace",
        "process", "step ms", "mean k", "max k",
        "worst residual",
    ];

    /// <summary>A policy as options name it.</summary>
    public static string Name(MemoryPolicy policy) => $"{policy}".ToLowerInvariant();

    /// <summary>One row: bytes in MiB, and k and residuals where blocks were inverted.</summary>
    public static string[] Row(MemoryRow row)
    {
        bool inverts = row.MaxEvaluations > 0;
        return
        [
            Name(row.Policy),
            $"{row.Blocks}",
            $"{row.ActivationPeakBytes}",
            Report.MiB(row.ActivationPeakBytes),
            Report.MiB(row.ParameterBytes),
            Report.MiB(row.GradientBytes),
            Report.MiB(row.OptimizerBytes),
            Report.MiB(row.WorkspaceBytes),
            Report.MiB(row.ProcessPeakBytes),
            $"{row.StepMilliseconds:F1}",
            inverts ? $"{row.MeanEvaluations:F2}" : "",
            inverts ? $"{row.MaxEvaluations}" : "",
            inverts ? $"{row.MaxInversionResidual:0.0e-0}" : "",
        ];
    }
}
