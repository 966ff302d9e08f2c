using System.Text.Json;

namespace RevUp.Training;

/// <summary>One line of metrics.jsonl about a step; see <see cref="MetricsLog"/>.</summary>
internal sealed record StepMetrics(
    long Step,
    int Epoch,
    double Loss,
    double Top1,
    double LearningRate,
    double Milliseconds,
    long ActivationPeakBytes,
    int[] Evaluations,
    double[] Contractions, // of each block; NaN where none was measured
    double WorstResidual,
    int Replays)
{
    /// <summary>c of each block after the step, where each has its own.</summary>
    public double[] Coefficients { get; init; } = [];
}

/// <summary>One line of metrics.jsonl about an evaluation.</summary>
internal sealed record EvaluationMetrics(long Step, int Epoch, EvaluationResult Result);

/// <summary>Means and worsts over the steps of one epoch, and its evaluation.</summary>
internal sealed class EpochMetrics(IReadOnlyList<StepMetrics> steps, EvaluationResult? test)
{
    public int Steps => steps.Count;

    /// <summary>Updates of the run at its end.</summary>
    public long LastStep => steps[^1].Step;

    public double Loss => steps.Average(step => step.Loss);

    public double Top1 => steps.Average(step => step.Top1);

    /// <summary>Of one step.</summary>
    public double Milliseconds => steps.Average(step => step.Milliseconds);

    /// <summary>k of the blocks that were inverted; 0 when none was.</summary>
    public double MeanEvaluations => steps.SelectMany(step => step.Evaluations).Where(k => k > 0).DefaultIfEmpty().Average();

    public int WorstEvaluations => steps.Max(step => step.Evaluations.DefaultIfEmpty().Max());

    public double WorstResidual => steps.Max(step => step.WorstResidual);

    /// <summary>L̂, the ratio of the last two corrections, over the inversions that made two; NaN when none did.</summary>
    public double MeanContraction => Contractions.Average();

    /// <inheritdoc cref="MeanContraction"/>
    public double WorstContraction => Contractions.Max();

    public int Replays => steps.Sum(step => step.Replays);

    public EvaluationResult? Test => test;

    /// <summary>Mean k of one block.</summary>
    public double EvaluationsOf(int block) => steps.Average(step => step.Evaluations[block]);

    /// <summary>Mean L̂ of one block; NaN when it measured none.</summary>
    public double ContractionOf(int block) => Measured(steps.Select(step => step.Contractions[block])).Average();

    /// <summary>Whether each block has a Lipschitz coefficient of its own.</summary>
    public bool IsAdaptive => steps[^1].Coefficients.Length > 0;

    /// <summary>c of one block at the end.</summary>
    public double CoefficientOf(int block) => steps[^1].Coefficients[block];

    private IEnumerable<double> Contractions => Measured(steps.SelectMany(step => step.Contractions));

    private static IEnumerable<double> Measured(IEnumerable<double> contractions) => contractions.Where(double.IsFinite).DefaultIfEmpty(double.NaN);
}

/// <summary>The metrics of a run, read from its metrics.jsonl.</summary>
/// <param name="Steps">All steps, in order.</param>
/// <param name="Evaluations">All evaluations, in order.</param>
internal sealed record RunHistory(IReadOnlyList<StepMetrics> Steps, IReadOnlyList<EvaluationMetrics> Evaluations)
{
    /// <summary>Reads the file; a line that a killed process left incomplete is passed over.</summary>
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

    /// <summary>Median time of a step.</summary>
    public double MedianMilliseconds
    {
        get
        {
            double[] sorted = [.. Steps.Select(step => step.Milliseconds).Order()];
            return sorted[sorted.Length / 2];
        }
    }

    /// <summary>Every epoch that has a step, by its number from 0.</summary>
    public SortedDictionary<int, EpochMetrics> Epochs() => new(Steps.GroupBy(step => step.Epoch).ToDictionary(
        epoch => epoch.Key, epoch => new EpochMetrics([.. epoch], Evaluations.LastOrDefault(evaluation => evaluation.Epoch == epoch.Key)?.Result)));

    private static double[] Numbers(JsonElement line, string name) => line.TryGetProperty(name, out JsonElement values)
        ? [.. values.EnumerateArray().Select(value => value.ValueKind == JsonValueKind.Number ? value.GetDouble() : double.NaN)]
        : [];

    private static void Add(JsonElement line, List<StepMetrics> steps, List<EvaluationMetrics> evaluations)
    {
        long step = line.GetProperty("step").GetInt64();
        int epoch = line.GetProperty("epoch").GetInt32();
        if (line.GetProperty("type").ValueEquals("evaluation"))
        {
            EvaluationResult result = new(MetricsLog.Number(line, "top1"), MetricsLog.Number(line, "loss"), line.GetProperty("samples").GetInt32());
            evaluations.Add(new EvaluationMetrics(step, epoch, result));
            return;
        }
        steps.Add(new StepMetrics(
            step,
            epoch,
            line.GetProperty("loss").GetDouble(),
            line.GetProperty("top1").GetDouble(),
            line.GetProperty("learningRate").GetDouble(),
            line.GetProperty("milliseconds").GetDouble(),
            line.TryGetProperty("activationPeakBytes", out JsonElement bytes) ? bytes.GetInt64() : 0,
            [.. line.GetProperty("evaluations").EnumerateArray().Select(k => k.GetInt32())],
            Numbers(line, "contractions"),
            line.GetProperty("worstResidual").GetDouble(),
            line.GetProperty("replays").GetInt32())
        {
            Coefficients = Numbers(line, "coefficients"),
        });
    }
}
