using System.Text.Json;
using RevUp.Distributed;

namespace RevUp.Cli.Output;

/// <summary>Numbers for people, the same in every locale.</summary>
internal static class Format
{
    public static string MiB(long bytes) => Invariant($"{bytes / 1048576.0:F2}");

    public static string Percent(double fraction) => Invariant($"{100 * fraction:F2} %");

    public static string Milliseconds(double value) => Invariant($"{value:F1}");

    public static string Wait(RankWait wait) =>
        Invariant($"{wait.First:F1} ms, {wait.Slowest:F1} ms (rank {wait.SlowestRank})");

    public static string Evaluations(double mean) => Invariant($"{mean:F2}");

    public static string Loss(double value) => Invariant($"{value:F4}");

    public static string Scientific(double value) => double.IsNaN(value) ? "-" : Invariant($"{value:0.0e-0}");

    public static string Fixed(double value) => double.IsNaN(value) ? "-" : Invariant($"{value:F3}");

    public static string Count(long value) => value.ToString(CultureInfo.InvariantCulture);

    /// <summary>"1 block", "2 blocks".</summary>
    public static string Blocks(long count) => Invariant($"{count} block{(count == 1 ? "" : "s")}");

    public static string Duration(TimeSpan time) => time.ToString(
        time.TotalDays >= 1 ? @"d\ \d\ h\:mm\:ss" : time.TotalHours >= 1 ? @"h\:mm\:ss" : @"m\:ss",
        CultureInfo.InvariantCulture);

    /// <summary>The name that recipes use.</summary>
    public static string Name(MemoryPolicy policy) => policy.ToString().ToLowerInvariant();

    /// <inheritdoc cref="Name(MemoryPolicy)"/>
    public static string Name(DatasetKind kind) => JsonNamingPolicy.CamelCase.ConvertName(kind.ToString());

    /// <summary>One step's numbers, under 80 columns.</summary>
    public static string Line(in TrainingProgress at) => Invariant(
        $"epoch {at.Epoch}/{at.Epochs}  step {at.Step}/{at.Steps}  loss {at.Loss:F3}  top-1 {100 * at.Top1:F1} %")
        + Invariant($"  {at.ImagesPerSecond:F0} images/s  k {at.MeanEvaluations:F2}");

    /// <summary>One epoch's evaluation.</summary>
    public static string Line(int epoch, EvaluationResult evaluation) => Invariant(
        $"epoch {epoch}: {evaluation.Part.Text()} top-1 {100 * evaluation.Top1:F2} %, loss {evaluation.Loss:F4}, ")
        + (evaluation.Segmentation is { } maps
            ? Invariant($"Dice {maps.ForegroundDice:F3}, IoU {maps.PooledIou:F3}, ")
            : "")
        + Images(evaluation);

    /// <summary>Whether a line is one epoch's evaluation.</summary>
    public static bool IsEvaluation(string line) =>
        line.StartsWith("epoch ", StringComparison.Ordinal) && (line.Contains(": test top-1 ", StringComparison.Ordinal)
            || line.Contains(": validation top-1 ", StringComparison.Ordinal));

    /// <summary>"10000 images", and how many could not be read.</summary>
    public static string Images(EvaluationResult evaluation) =>
        Invariant($"{evaluation.Samples} images")
        + (evaluation.LeftOut == 0 ? "" : Invariant($", {evaluation.LeftOut} damaged left out"));

    private static string Invariant(FormattableString text) => FormattableString.Invariant(text);
}
