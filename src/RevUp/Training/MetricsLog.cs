using System.Text.Json;
using RevUp.Reversible;

namespace RevUp.Training;

/// <summary>
/// The metrics of a run as JSON lines: {"type": "step", …} after each update, {"type": "evaluation", …} after each evaluation. Lines of steps after the one
/// that is resumed from are dropped when the file is opened.
/// </summary>
internal sealed class MetricsLog : IDisposable
{
    public const string FileName = "metrics.jsonl";

    private readonly FileStream _file;
    private readonly Utf8JsonWriter _json;

    public MetricsLog(string path, long lastStep)
    {
        string[] kept = File.Exists(path) ? [.. File.ReadLines(path).Where(line => StepOf(line) is { } step && step <= lastStep)] : [];
        _file = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.Read, bufferSize: 1 << 16);
        foreach (string line in kept)
        {
            _file.Write(System.Text.Encoding.UTF8.GetBytes(line));
            _file.WriteByte((byte)'\n');
        }
        _json = new Utf8JsonWriter(_file);
    }

    public void Step(long step, int epoch, StepResult result, double milliseconds, ReadOnlySpan<InversionRecord> records)
    {
        Begin("step", step, epoch);
        _json.WriteNumber("loss", result.Loss);
        _json.WriteNumber("top1", result.Top1);
        _json.WriteNumber("learningRate", result.LearningRate);
        _json.WriteNumber("milliseconds", Math.Round(milliseconds, 2));
        _json.WriteStartArray("evaluations");
        double worst = 0;
        int replays = 0;
        foreach (InversionRecord record in records)
        {
            _json.WriteNumberValue(record.Evaluations);
            worst = Math.Max(worst, double.IsFinite(record.Residual) ? record.Residual : 0);
            replays += record.Replayed ? 1 : 0;
        }
        _json.WriteEndArray();
        _json.WriteNumber("worstResidual", worst);
        _json.WriteNumber("replays", replays);
        End();
    }

    public void Evaluation(long step, int epoch, EvaluationResult result)
    {
        Begin("evaluation", step, epoch);
        _json.WriteNumber("loss", result.Loss);
        _json.WriteNumber("top1", result.Top1);
        _json.WriteNumber("samples", result.Samples);
        End();
        Flush();
    }

    public void Flush() => _file.Flush();

    public void Dispose()
    {
        _json.Dispose();
        _file.Dispose();
    }

    private static long? StepOf(string line)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(line);
            return document.RootElement.TryGetProperty("step", out JsonElement step) ? step.GetInt64() : null;
        }
        catch (JsonException)
        {
            // The last line of a run that was killed may be cut off.
            return null;
        }
    }

    private void Begin(string type, long step, int epoch)
    {
        _json.WriteStartObject();
        _json.WriteString("type", type);
        _json.WriteNumber("step", step);
        _json.WriteNumber("epoch", epoch);
    }

    private void End()
    {
        _json.WriteEndObject();
        _json.Flush();
        _json.Reset();
        _file.WriteByte((byte)'\n');
    }
}
