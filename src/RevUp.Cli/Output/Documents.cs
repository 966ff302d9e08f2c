using System.Text.Json;
using System.Text.Json.Serialization;
using RevUp.Cli.StudyRuns;
using RevUp.Diagnostics;
using RevUp.Planning;

namespace RevUp.Cli.Output;

/// <summary>Output of <c>evaluate --json</c>.</summary>
internal sealed record EvaluationDocument(string Part, double Top1, double Loss, int Samples, int LeftOut)
{
    public double? BalancedAccuracy { get; init; }

    /// <summary>Null where it is not defined, or there are too many outputs to sort.</summary>
    public double? Auc { get; init; }

    public IReadOnlyList<ClassFigures>? Classes { get; init; }

    /// <summary>
    /// Mean Dice of each class over the cases of a segmentation; null of a class in no case.
    /// </summary>
    public IReadOnlyList<double?>? Dice { get; init; }

    /// <summary>
    /// Mean Dice of each region, a union of classes, by its name; null where there are none.
    /// </summary>
    public IReadOnlyDictionary<string, double?>? Regions { get; init; }

    /// <summary>Mean Dice without the background.</summary>
    public double? ForegroundDice { get; init; }

    /// <summary>Mean intersection over union of all classes, voxels added up first.</summary>
    public double? PooledIou { get; init; }

    /// <summary>Samples by [class][predicted class]; null above 1,000 classes.</summary>
    public IReadOnlyList<IReadOnlyList<int>>? Confusion { get; init; }

    public static EvaluationDocument From(EvaluationResult result, IReadOnlyList<string> names) =>
        new(result.Part.Text(), result.Top1, result.Loss, result.Samples, result.LeftOut)
        {
            BalancedAccuracy = Finite(result.BalancedAccuracy),
            Auc = Finite(result.Auc),
            Dice = result.Segmentation is { } maps ? [.. maps.Dice.Select(Finite)] : null,
            Regions = result.Segmentation is { Regions.Count: > 0 } unions
                ? unions.Regions.ToDictionary(region => region.Name, region => Finite(region.Dice))
                : null,
            ForegroundDice = Finite(result.ForegroundDice),
            PooledIou = Finite(result.Segmentation?.PooledIou ?? double.NaN),
            Classes = result.Classes is { } classes
                ?
                [
                    .. names.Zip(classes.Samples, classes.Recall).Select(
                        row => new ClassFigures(row.First, row.Second, Finite(row.Third))),
                ]
                : null,
            Confusion = result.Classes is { HasConfusion: true } matrix ? matrix.ConfusionRows() : null,
        };

    private static double? Finite(double value) => double.IsFinite(value) ? value : null;
}

/// <summary>One class of an evaluation; a class without samples has no recall.</summary>
internal sealed record ClassFigures(string Name, int Samples, double? Recall);

/// <summary>
/// Output of <c>train --json</c>. An interrupted run has no evaluation. A run that was not planned
/// now has no forecast.
/// </summary>
internal sealed record TrainDocument(
    string Run,
    string Checkpoint,
    bool Interrupted,
    long Step,
    double? Top1,
    double? Loss,
    int? Samples,
    int? LeftOut,
    double StepMilliseconds,
    double MeanEvaluations,
    int MaxEvaluations,
    double MaxInversionResidual,
    long Replays,
    long TotalPeakBytes,
    StepForecast? Forecast)
{
    /// <summary>The part of the data that the result is of; null while there is none.</summary>
    public string? Part { get; init; }

    public double? BalancedAccuracy { get; init; }

    public double? Auc { get; init; }

    /// <summary>Updates of the checkpoint that the validation part chose.</summary>
    public long? ChosenStep { get; init; }

    public int DamagedSamples { get; init; }

    /// <summary>Fraction of the training time in which the run waited for data.</summary>
    public double DataWaitShare { get; init; }

    public static TrainDocument From(RunSummary summary)
    {
        EvaluationResult? evaluation = summary.Interrupted ? null : summary.Evaluation;
        return new TrainDocument(
            summary.Folder,
            summary.Checkpoint,
            summary.Interrupted,
            summary.Step,
            evaluation?.Top1,
            evaluation?.Loss,
            evaluation?.Samples,
            evaluation?.LeftOut,
            summary.StepMilliseconds,
            summary.MeanEvaluations,
            summary.MaxEvaluations,
            summary.MaxInversionResidual,
            summary.Replays,
            summary.TotalPeakBytes,
            summary.Forecast)
        {
            Part = evaluation?.Part.Text(),
            BalancedAccuracy = evaluation?.BalancedAccuracy,
            Auc = evaluation?.Auc,
            ChosenStep = summary.ChosenStep,
            DamagedSamples = summary.DamagedSamples,
            DataWaitShare = summary.DataWaitShare,
        };
    }
}

/// <summary>Output of <c>memory --json</c>.</summary>
internal sealed record MemoryDocument(IReadOnlyList<MemoryRow> Rows);

/// <summary>
/// Output of <c>fit --json</c>: sizes are voxels or pixels of an edge, samples or blocks.
/// </summary>
/// <param name="BudgetBytes">The most bytes that a step may take.</param>
/// <param name="Dimension">"cube", "image", "batch" or "depth".</param>
/// <param name="Size">The largest that fits, with a policy for every block.</param>
/// <param name="Slab">Planes of a slab there; 0 for whole samples.</param>
/// <param name="Plan">Policies of every stage, in words.</param>
/// <param name="Forecast">The step there; its time is extrapolated from less work.</param>
/// <param name="Alone">The largest under one policy for all blocks.</param>
internal sealed record FitDocument(
    long BudgetBytes, string Dimension, int Size, int Slab, IEnumerable<string> Plan, StepForecast Forecast,
    IReadOnlyList<FitRow> Alone)
{
    /// <summary>The real step; null where there was none.</summary>
    public MemoryRow? Proof { get; init; }

    /// <summary>Why there is no proof.</summary>
    public string? Unproven { get; init; }

    /// <summary>Whether a step was tried and did not end.</summary>
    public bool Failed { get; init; }
}

/// <summary>Output of <c>export --json</c>; the step is the checkpoint's.</summary>
internal sealed record ExportDocument(long Step, IReadOnlyList<string> Files);

/// <summary>Output of <c>report --json</c>.</summary>
internal sealed record ReportDocument(string Report);

/// <summary>
/// Output of <c>segment --json</c>; the numbers in the masks are of these classes.
/// </summary>
internal sealed record SegmentDocument(IReadOnlyList<string> Masks, IReadOnlyList<SegmentClass> Classes);

/// <summary>A class and its number in the masks.</summary>
internal sealed record SegmentClass(string Name, int Number);

/// <summary>Output of <c>devices --json</c>; the problems tell why CUDA cannot be used.</summary>
internal sealed record DevicesDocument(IReadOnlyList<Device> Devices, IReadOnlyList<string> CudaProblems);

/// <summary>
/// One device; threads are CPU threads. The problem tells why networks cannot be trained on it.
/// </summary>
internal sealed record Device(
    string Name, string Description, int? Threads, long MemoryBytes, bool BFloat16, string? Problem);

/// <summary>Output of <c>recipes --json</c>.</summary>
internal sealed record RecipesDocument(IReadOnlyList<RecipeEntry> Recipes);

/// <summary>One recipe of the list.</summary>
internal sealed record RecipeEntry(string Name, string Description, string Source);

/// <summary>Output of <c>demo --json</c>.</summary>
internal sealed record DemoDocument(TrainDocument Training, IReadOnlyList<MemoryRow> Rows);

/// <summary>Output of <c>study --json</c>, and a study's study.json.</summary>
internal sealed record StudyDocument(
    string Name, string Description, string Reference, IReadOnlyList<RowFigures> Rows, IReadOnlyList<string> Failures);

/// <summary>Output of <c>studies --json</c>.</summary>
internal sealed record StudiesDocument(IReadOnlyList<StudyEntry> Studies);

/// <summary>One study of the list.</summary>
internal sealed record StudyEntry(string Name, string Description, int Rows, int Seeds);

/// <summary>JSON has no NaN and no infinity: what was not measured is null.</summary>
internal sealed class FiniteNumberConverter : JsonConverter<double>
{
    public override double Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType == JsonTokenType.Null ? double.NaN : reader.GetDouble();

    public override void Write(Utf8JsonWriter writer, double value, JsonSerializerOptions options)
    {
        if (double.IsFinite(value))
        {
            writer.WriteNumberValue(value);
        }
        else
        {
            writer.WriteNullValue();
        }
    }
}

/// <summary>Policies by the names that recipes use.</summary>
internal sealed class PolicyConverter() : JsonStringEnumConverter<MemoryPolicy>(JsonNamingPolicy.CamelCase);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true,
    Converters = [typeof(FiniteNumberConverter), typeof(PolicyConverter)])]
[JsonSerializable(typeof(EvaluationDocument))]
[JsonSerializable(typeof(TrainDocument))]
[JsonSerializable(typeof(MemoryDocument))]
[JsonSerializable(typeof(FitDocument))]
[JsonSerializable(typeof(ProfileDocument))]
[JsonSerializable(typeof(Inspection))]
[JsonSerializable(typeof(StudyDocument))]
[JsonSerializable(typeof(StudiesDocument))]
[JsonSerializable(typeof(ExportDocument))]
[JsonSerializable(typeof(ReportDocument))]
[JsonSerializable(typeof(SegmentDocument))]
[JsonSerializable(typeof(DevicesDocument))]
[JsonSerializable(typeof(RecipesDocument))]
[JsonSerializable(typeof(DemoDocument))]
[JsonSerializable(typeof(DataDocument))]
[JsonSerializable(typeof(DenseDataDocument))]
[JsonSerializable(typeof(PrepareDocument))]
[JsonSerializable(typeof(VerificationDocument))]
[JsonSerializable(typeof(PackDocument))]
internal sealed partial class DocumentJson : JsonSerializerContext;
