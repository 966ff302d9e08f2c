using RevUp.Data;
using RevUp.Distributed;

namespace RevUp.Runs;

/// <summary>The metrics of a run, read from its metrics.jsonl.</summary>
/// <param name="Steps">All steps, in order.</param>
/// <param name="Evaluations">All evaluations, in order.</param>
internal sealed record RunHistory(IReadOnlyList<StepMetrics> Steps, IReadOnlyList<EvaluationMetrics> Evaluations)
{
    /// <summary>
    /// Reads the file; a line that a killed process left incomplete is passed over.
    /// </summary>
    public static RunHistory Read(string path)
    {
        List<StepMetrics> steps = [];
        List<EvaluationMetrics> evaluations = [];
        foreach (string line in File.ReadLines(path))
        {
            try
            {
                using JsonDocument document = JsonDocument.Parse(line);
                Add(document.RootElement, steps, evaluations);
            }
            catch (JsonException)
            {
                continue;
            }
        }
        return new RunHistory(steps, evaluations);
    }

    /// <summary>
    /// The part that is evaluated after epochs: the validation part, where there is one.
    /// </summary>
    public DatasetSplit Held => Evaluations.Any(evaluation => evaluation.Result.Part == DatasetSplit.Validation)
        ? DatasetSplit.Validation
        : DatasetSplit.Test;

    /// <summary>Evaluations after epochs, all on the same part.</summary>
    public IEnumerable<EvaluationMetrics> Curve => Evaluations.Where(evaluation => evaluation.Result.Part == Held);

    /// <summary>
    /// The run's result: the last one on the test part, or where there is none, on the other.
    /// </summary>
    public EvaluationMetrics? Final =>
        Evaluations.LastOrDefault(evaluation => evaluation.Result.Part == DatasetSplit.Test) ?? Curve.LastOrDefault();

    /// <summary>Median time of a step.</summary>
    public double MedianMilliseconds
    {
        get
        {
            double[] sorted = [.. Steps.Select(step => step.Milliseconds).Order()];
            return sorted[sorted.Length / 2];
        }
    }

    /// <summary>Mean wait of the ranks in a step; null where none was measured.</summary>
    public RankWait? MeanWait => RankWait.Mean([.. Steps.Select(step => step.Wait).OfType<RankWait>()]);

    /// <summary>Every epoch that has a step, by its number from 0.</summary>
    public SortedDictionary<int, EpochMetrics> Epochs() => new(Steps.GroupBy(step => step.Epoch).ToDictionary(
        epoch => epoch.Key,
        epoch => new EpochMetrics([.. epoch], Curve.LastOrDefault(line => line.Epoch == epoch.Key)?.Result)));

    private static double[] Numbers(JsonElement line, string name) => line.TryGetProperty(name, out JsonElement values)
        ? [.. values.EnumerateArray().Select(
            value => value.ValueKind == JsonValueKind.Number ? value.GetDouble() : double.NaN)]
        : [];

    private static void Add(JsonElement line, List<StepMetrics> steps, List<EvaluationMetrics> evaluations)
    {
        long step = line.GetProperty("step").GetInt64();
        int epoch = line.GetProperty("epoch").GetInt32();
        if (line.GetProperty("type").ValueEquals("evaluation"))
        {
            evaluations.Add(new EvaluationMetrics(step, epoch, EvaluationJson.Read(line)));
            return;
        }
        steps.Add(new StepMetrics(
            step,
            epoch,
            line.GetProperty("loss").GetDouble(),
            EvaluationJson.Number(line, "top1"),
            line.GetProperty("learningRate").GetDouble(),
            line.GetProperty("milliseconds").GetDouble(),
            line.TryGetProperty("activationPeakBytes", out JsonElement bytes) ? bytes.GetInt64() : 0,
            [.. line.GetProperty("evaluations").EnumerateArray().Select(k => k.GetInt32())],
            Numbers(line, "contractions"),
            line.GetProperty("worstResidual").GetDouble(),
            line.GetProperty("replays").GetInt32())
        {
            MeanAbsoluteError = EvaluationJson.Number(line, "meanAbsoluteError"),
            Coefficients = Numbers(line, "coefficients"),
            Wait = line.TryGetProperty("waitMilliseconds", out JsonElement first)
                ? new RankWait(
                    first.GetDouble(), line.GetProperty("slowestRank").GetInt32(),
                    line.GetProperty("slowestRankWaitMilliseconds").GetDouble())
                : null,
        });
    }
}
