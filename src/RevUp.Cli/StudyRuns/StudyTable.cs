using System.Text;

namespace RevUp.Cli.StudyRuns;

/// <summary>The table of a study: a line for each row, over its seeds.</summary>
internal static class StudyTable
{
    private const string Nothing = "–";

    /// <summary>Names of the columns, with units.</summary>
    public static IReadOnlyList<string> Columns { get; } =
    [
        "row", "n", "top-1 %", "each seed", "gap, points", "test loss", "k, mean", "k, worst", "contraction, mean",
        "worst", "limit", "true bound",
        "residual", "replays", "activations MiB", "step ms", "parameters",
    ];

    /// <summary>Meaning of the columns.</summary>
    public static string Note { get; } =
        "Top-1: on the whole test set, mean ± standard deviation over the seeds; gap: to the reference with the "
        + "same seed, also mean ± standard deviation. k (branch evaluations): mean of the last epoch, worst of the "
        + "run. Contraction: L̂ measured while inverting, last epoch, where k was 2 or more. Limit: what the control "
        + "keeps the Lipschitz bound of a branch under; true bound: the largest of a block, with norms from converged "
        + "power iteration. Residual: ‖x + F(x) − y‖ / ‖x‖ of inputs rebuilt from test images, worst block and batch, "
        + "against the tolerance. Replays: inversions refused and replaced. Activations: peak of the arena. Step: "
        + "median, with whatever else the machine was doing; `revup memory` measures a step by itself.";

    /// <summary>A row as text, one cell for each column.</summary>
    public static IReadOnlyList<string> Cells(RowFigures row) =>
    [
        row.Name,
        Number(row.Runs.Count, "0"),
        Of(row.Top1, 100, "0.00"),
        row.Runs.Count == 0
            ? Nothing
            : string.Join(" ", row.Runs.Select(run => Number(100 * run.Figures.Test.Top1, "0.00"))),
        Of(row.Gap, 100, "+0.00;−0.00;0.00"),
        Of(row.Loss, 1, "0.0000"),
        row.WorstEvaluations == 0 ? Nothing : Number(row.MeanEvaluations, "0.00"),
        row.WorstEvaluations == 0 ? Nothing : Number(row.WorstEvaluations, "0"),
        Number(row.MeanContraction, "0.00"),
        Number(row.WorstContraction, "0.00"),
        Number(row.Limit, "0.000"),
        Number(row.ConvergedBound, "0.000"),
        Residual(row),
        row.WorstEvaluations == 0 ? Nothing : Number(row.Replays, "0"),
        row.Runs.Count == 0 ? Nothing : Number(row.ActivationBytes / (double)(1 << 20), "0.00"),
        Number(row.StepMilliseconds, "0.0"),
        row.Runs.Count == 0 ? Nothing : Number(row.Parameters, "#,0"),
    ];

    /// <summary>The table in Markdown, under the study's name and description.</summary>
    public static string Markdown(Study study, IReadOnlyList<RowFigures> rows)
    {
        StringBuilder text = new();
        CultureInfo culture = CultureInfo.InvariantCulture;
        text.AppendLine(culture, $"# {study.Name}\n\n{study.Description}\n");
        text.AppendLine(culture, $"| {string.Join(" | ", Columns)} |");
        text.AppendLine(culture, $"|---|{string.Concat(Columns.Skip(1).Select(_ => "---:|"))}");
        foreach (RowFigures row in rows)
        {
            text.AppendLine(culture, $"| {string.Join(" | ", Cells(row))} |");
        }
        text.AppendLine(
            culture, $"\nReference: {study.ReferenceName}. Seeds: {string.Join(", ", study.Seeds)}. {Note}");
        foreach (string device in rows.SelectMany(row => row.Runs).Select(run => run.Figures.Device).Distinct())
        {
            text.AppendLine(culture, $"\nOn {device}.");
        }
        return text.ToString();
    }

    private static string Residual(RowFigures row) => double.IsNaN(row.Residual)
        ? Nothing
        : $"{Number(row.Residual, "0.0e-0")} {(row.Residual <= row.Tolerance ? "≤" : ">")} "
            + Number(row.Tolerance, "0e-0");

    private static string Of(Spread spread, double factor, string format)
    {
        string mean = Number(factor * spread.Mean, format);
        return double.IsNaN(spread.Deviation) ? mean : $"{mean} ± {Number(factor * spread.Deviation, "0.00")}";
    }

    private static string Number(double value, string format) =>
        double.IsFinite(value) ? value.ToString(format, CultureInfo.InvariantCulture) : Nothing;
}
