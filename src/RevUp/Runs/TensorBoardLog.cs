using RevUp.Data;
using RevUp.Formats;
using RevUp.Reversible;
using RevUp.Tensors;
using RevUp.Training;

namespace RevUp.Runs;

/// <summary>
/// The metrics of a run as TensorBoard scalars. Every step: train/loss, train/top1 (a fraction; of
/// a regression train/mean_absolute_error), train/learning_rate, train/images_per_second. The first
/// and every
/// <see cref="BlockEverySteps"/>-th step: memory_MiB/PURPOSE (peaks). These steps also have k and
/// the inversion residual of inverted blocks, and, for blocks with their own Lipschitz
/// coefficients, c and the measured contraction. Each of the four comes as mean, as maximum and per
/// block; more than <see cref="MaximumBlocks"/> blocks give histograms. Every evaluation: test/loss
/// and test/top1.
/// </summary>
internal sealed class TensorBoardLog : IDisposable
{
    public const int BlockEverySteps = 16;
    public const int MaximumBlocks = 16;

    private readonly EventFile _file;
    private readonly (string Evaluations, string Residual, string Coefficient, string Contraction)[] _blockTags;
    private readonly (MemoryPurpose Purpose, string Tag)[] _memoryTags;
    private readonly ProtobufMessage _summary = new();
    private readonly ProtobufMessage _value = new();
    private readonly ProtobufMessage _histogram = new();
    private readonly List<double> _evaluations = [];
    private readonly List<double> _residuals = [];
    private readonly List<double> _coefficients = [];
    private readonly List<double> _contractions = [];

    public TensorBoardLog(string folder, long lastStep, IEnumerable<string> blockNames)
    {
        _blockTags =
            [.. blockNames.Select(name => ("k/" + name, "residual/" + name, "c/" + name, "contraction/" + name))];
        _memoryTags = [.. Enum.GetValues<MemoryPurpose>().Select(
            purpose => (purpose, $"memory_MiB/{purpose.ToString().ToLowerInvariant()}"))];
        _file = new EventFile(folder, lastStep);
    }

    public void Step(
        long step,
        StepResult result,
        double imagesPerSecond,
        ReadOnlySpan<InversionRecord> records,
        ReadOnlySpan<float> coefficients,
        in MemoryUse peak)
    {
        _summary.Clear();
        Scalar("train/loss", result.Loss);
        Measure("train", result.Top1, result.MeanAbsoluteError);
        Scalar("train/learning_rate", result.LearningRate);
        Scalar("train/images_per_second", imagesPerSecond);
        if (step == 1 || step % BlockEverySteps == 0)
        {
            Blocks(records);
            Adaptation(records, coefficients);
            foreach ((MemoryPurpose purpose, string tag) in _memoryTags)
            {
                Scalar(tag, peak[purpose] / (double)(1 << 20));
            }
        }
        _file.Write(step, _summary);
    }

    public void Evaluation(long step, EvaluationResult result)
    {
        _summary.Clear();
        string part = result.Part.Text();
        Scalar($"{part}/loss", result.Loss);
        Measure(part, result.Top1, result.MeanAbsoluteError);
        Finite($"{part}/r2", result.R2);
        Finite($"{part}/f1", result.F1);
        Finite($"{part}/mean_average_precision", result.MeanAveragePrecision);
        if (result.Classes is { } classes)
        {
            Scalar($"{part}/balanced_accuracy", classes.BalancedAccuracy);
            Finite($"{part}/auc", classes.Auc);
        }
        _file.Write(step, _summary);
    }

    public void Flush() => _file.Flush();

    public void Dispose() => _file.Dispose();

    private void Measure(string part, double top1, double meanAbsoluteError)
    {
        Finite($"{part}/top1", top1);
        Finite($"{part}/mean_absolute_error", meanAbsoluteError);
    }

    private void Finite(string tag, double value)
    {
        if (double.IsFinite(value))
        {
            Scalar(tag, value);
        }
    }

    private void Blocks(ReadOnlySpan<InversionRecord> records)
    {
        _evaluations.Clear();
        _residuals.Clear();
        for (int block = 0; block < records.Length; block++)
        {
            // A block that was not inverted has no k, and one evaluation alone no residual.
            if (records[block].Evaluations == 0)
            {
                continue;
            }
            Add(_evaluations, _blockTags[block].Evaluations, records[block].Evaluations);
            if (double.IsFinite(records[block].Residual))
            {
                Add(_residuals, _blockTags[block].Residual, records[block].Residual);
            }
        }
        Aggregate("k", _evaluations);
        Aggregate("residual", _residuals);
    }

    private void Adaptation(ReadOnlySpan<InversionRecord> records, ReadOnlySpan<float> coefficients)
    {
        _coefficients.Clear();
        _contractions.Clear();
        for (int block = 0; block < coefficients.Length; block++)
        {
            Add(_coefficients, _blockTags[block].Coefficient, coefficients[block]);
            // One evaluation alone measures none.
            if (records[block].Evaluations > 1 && double.IsFinite(records[block].Contraction))
            {
                Add(_contractions, _blockTags[block].Contraction, records[block].Contraction);
            }
        }
        Aggregate("c", _coefficients);
        Aggregate("contraction", _contractions);
    }

    private void Add(List<double> values, string tag, double value)
    {
        values.Add(value);
        if (_blockTags.Length <= MaximumBlocks)
        {
            Scalar(tag, value);
        }
    }

    private void Aggregate(string name, List<double> values)
    {
        if (values.Count == 0)
        {
            return;
        }
        Scalar($"inversion/{name}_mean", values.Average());
        Scalar($"inversion/{name}_max", values.Max());
        if (_blockTags.Length > MaximumBlocks)
        {
            Histogram($"inversion/{name}", values);
        }
    }

    // Summary { value = 1: { tag = 1, simple_value = 2 } }
    private void Scalar(string tag, double value) =>
        _summary.Message(1, _value.Clear().Text(1, tag).Single(2, (float)value));

    // HistogramProto { min = 1, max = 2, num = 3, sum = 4, sum_squares = 5, bucket_limit = 6,
    // bucket = 7 }, here with a bucket for each value that occurs.
    private void Histogram(string tag, List<double> values)
    {
        (double Limit, double Count)[] buckets =
            [.. values.CountBy(value => value).Select(bucket => (bucket.Key, (double)bucket.Value)).Order()];
        _histogram.Clear()
            .Double(1, buckets[0].Limit)
            .Double(2, buckets[^1].Limit)
            .Double(3, values.Count)
            .Double(4, values.Sum())
            .Double(5, values.Sum(value => value * value))
            .Doubles(6, [.. buckets.Select(bucket => bucket.Limit)])
            .Doubles(7, [.. buckets.Select(bucket => bucket.Count)]);
        _summary.Message(1, _value.Clear().Text(1, tag).Message(5, _histogram));
    }
}
