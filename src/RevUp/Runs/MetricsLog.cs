using RevUp.Distributed;
using RevUp.Reversible;
using RevUp.Training;

namespace RevUp.Runs;

/// <summary>
/// The metrics of a run as JSON lines: {"type": "step", …} after each update, {"type":
/// "evaluation", …} after each evaluation. Lines of steps after the one that is resumed from are
/// dropped when the file is opened.
/// </summary>
internal sealed class MetricsLog : IDisposable
{
    public const string FileName = "metrics.jsonl";

    // Of contractions and coefficients.
    private const int Digits = 4;

    private readonly FileStream _file;
    private readonly Utf8JsonWriter _json;
    private readonly List<EvaluationMetrics> _evaluations = [];

    public MetricsLog(string path, long lastStep)
    {
        if (File.Exists(path))
        {
            string kept = path + ".kept";
            File.WriteAllLines(kept, File.ReadLines(path).Where(line => Belongs(line, lastStep)));
            File.Move(kept, path, overwrite: true);
        }
        _file = new FileStream(path, FileMode.Append, FileAccess.Write, FileShare.Read, bufferSize: 1 << 16);
        _json = new Utf8JsonWriter(_file);
    }

    /// <summary>Evaluations up to now, with those kept from before a resume.</summary>
    public IReadOnlyList<EvaluationMetrics> Evaluations => _evaluations;

    public void Step(
        long step,
        int epoch,
        StepResult result,
        double milliseconds,
        long activationPeakBytes,
        ReadOnlySpan<InversionRecord> records,
        ReadOnlySpan<float> coefficients = default,
        RankWait? wait = null)
    {
        Begin("step", step, epoch);
        _json.WriteNumber("loss", result.Loss);
        bool isRegression = double.IsNaN(result.Top1);
        _json.WriteNumber(
            isRegression ? "meanAbsoluteError" : "top1", isRegression ? result.MeanAbsoluteError : result.Top1);
        _json.WriteNumber("learningRate", result.LearningRate);
        _json.WriteNumber("milliseconds", Math.Round(milliseconds, 2));
        _json.WriteNumber("activationPeakBytes", activationPeakBytes);
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
        WriteContractions(records);
        WriteCoefficients(coefficients);
        _json.WriteNumber("worstResidual", worst);
        _json.WriteNumber("replays", replays);
        if (wait is { } waited)
        {
            _json.WriteNumber("waitMilliseconds", Math.Round(waited.First, 2));
            _json.WriteNumber("slowestRank", waited.SlowestRank);
            _json.WriteNumber("slowestRankWaitMilliseconds", Math.Round(waited.Slowest, 2));
        }
        End();
    }

    public void Evaluation(long step, int epoch, EvaluationResult result)
    {
        Begin("evaluation", step, epoch);
        EvaluationJson.Write(_json, result);
        End();
        Flush();
        _evaluations.Add(new EvaluationMetrics(step, epoch, result));
    }

    public void Flush() => _file.Flush();

    public void Dispose()
    {
        _json.Dispose();
        _file.Dispose();
    }

    private bool Belongs(string line, long lastStep)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(line);
            JsonElement root = document.RootElement;
            long step = root.GetProperty("step").GetInt64();
            if (step <= lastStep && root.GetProperty("type").ValueEquals("evaluation"))
            {
                int epoch = root.GetProperty("epoch").GetInt32();
                _evaluations.Add(new EvaluationMetrics(step, epoch, EvaluationJson.Read(root)));
            }
            return step <= lastStep;
        }
        catch (Exception exception) when (
            exception is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            // The last line of a run that was killed may be cut off.
            return false;
        }
    }

    // c of every block in the next step, where each has its own.
    private void WriteCoefficients(ReadOnlySpan<float> coefficients)
    {
        if (coefficients.IsEmpty)
        {
            return;
        }
        _json.WriteStartArray("coefficients");
        foreach (float coefficient in coefficients)
        {
            _json.WriteNumberValue(Math.Round(coefficient, Digits));
        }
        _json.WriteEndArray();
    }

    // L̂ of every block; null where one evaluation measured none.
    private void WriteContractions(ReadOnlySpan<InversionRecord> records)
    {
        _json.WriteStartArray("contractions");
        foreach (InversionRecord record in records)
        {
            if (record.Evaluations > 1 && double.IsFinite(record.Contraction))
            {
                _json.WriteNumberValue(Math.Round(record.Contraction, Digits));
            }
            else
            {
                _json.WriteNullValue();
            }
        }
        _json.WriteEndArray();
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
