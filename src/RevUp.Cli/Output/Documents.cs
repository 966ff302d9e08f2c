using System.Text.Json;
using System.Text.Json.Serialization;
using RevUp.Cli.StudyRuns;
using RevUp.Diagnostics;
using RevUp.Planning;
using RevUp.Reversible;
using RevUp.Runs;

namespace RevUp.Cli.Output;

/// <summary>What <c>evaluate --json</c> prints.</summary>
internal sealed record EvaluationDocument(double Top1, double Loss, int Samples, int LeftOut);

/// <summary>What <c>train --json</c> prints; an interrupted run has no evaluation, and one that was not planned now no forecast.</summary>
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
            summary.Forecast);
    }
}

/// <summary>What <c>memory --json</c> prints.</summary>
internal sealed record MemoryDocument(IReadOnlyList<MemoryRow> Rows);

/// <summary>What <c>export --json</c> prints; the step is that of the checkpoint.</summary>
internal sealed record ExportDocument(long Step, IReadOnlyList<string> Files);

/// <summary>What <c>report --json</c> prints.</summary>
internal sealed record ReportDocument(string Report);

/// <summary>What <c>devices --json</c> prints; the problems are why CUDA cannot be used.</summary>
internal sealed record DevicesDocument(IReadOnlyList<Device> Devices, IReadOnlyList<string> CudaProblems);

/// <summary>One device that networks can be trained on; threads are those of the CPU.</summary>
internal sealed record Device(string Name, string Description, int? Threads, long MemoryBytes, bool BFloat16);

/// <summary>What <c>recipes --json</c> prints.</summary>
internal sealed record RecipesDocument(IReadOnlyList<RecipeEntry> Recipes);

/// <summary>One recipe of the list.</summary>
internal sealed record RecipeEntry(string Name, string Description, string Source);

/// <summary>What <c>demo --json</c> prints.</summary>
internal sealed record DemoDocument(TrainDocument Training, IReadOnlyList<MemoryRow> Rows);

/// <summary>What <c>study --json</c> prints, and a study's study.json.</summary>
internal sealed record StudyDocument(string Name, string Description, string Reference, IReadOnlyList<RowFigures> Rows, IReadOnlyList<string> Failures);

/// <summary>What <c>studies --json</c> prints.</summary>
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
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true, Converters = [typeof(FiniteNumberConverter), typeof(PolicyConverter)])]
[JsonSerializable(typeof(EvaluationDocument))]
[JsonSerializable(typeof(TrainDocument))]
[JsonSerializable(typeof(MemoryDocument))]
[JsonSerializable(typeof(Inspection))]
[JsonSerializable(typeof(StudyDocument))]
[JsonSerializable(typeof(StudiesDocument))]
[JsonSerializable(typeof(ExportDocument))]
[JsonSerializable(typeof(ReportDocument))]
[JsonSerializable(typeof(DevicesDocument))]
[JsonSerializable(typeof(RecipesDocument))]
[JsonSerializable(typeof(DemoDocument))]
[JsonSerializable(typeof(DataDocument))]
[JsonSerializable(typeof(VerificationDocument))]
[JsonSerializable(typeof(PackDocument))]
internal sealed partial class DocumentJson : JsonSerializerContext;
