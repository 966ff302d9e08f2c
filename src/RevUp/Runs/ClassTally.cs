namespace RevUp.Runs;

/// <summary>Gathers the outputs of an evaluation into <see cref="ClassMeasures"/>.</summary>
/// <param name="classes">K.</param>
/// <param name="capacity">The most samples that will be added.</param>
internal sealed class ClassTally(int classes, int capacity) : OutputTally
{
    private const long MaximumScores = 1 << 23;

    private readonly int[] _samples = new int[classes];
    private readonly int[] _correct = new int[classes];
    private readonly int[] _confusion = classes <= ClassMeasures.MaximumConfusion ? new int[classes * classes] : [];
    private readonly List<int> _labels = [];
    private readonly double[] _sorted = new double[classes];

    // [class][sample]: the logarithm of the odds, which is in the order of the probabilities and
    // does not round to 1. Empty where it would be too much.
    private readonly List<double>[] _scores = (long)classes * capacity <= MaximumScores
        ? [.. Enumerable.Range(0, classes).Select(_ => new List<double>(capacity))]
        : [];

    /// <inheritdoc/>
    public override void Add(int index, ReadOnlySpan<float> outputs, ReadOnlySpan<float> targets)
    {
        for (int row = 0; row < outputs.Length; row += classes)
        {
            // Of soft labels, the likeliest class.
            Add(outputs.Slice(row, classes), IndexOfMaximum(targets.Slice(row, classes)));
        }
    }

    /// <summary>Adds one sample; the first of equal logits is the prediction.</summary>
    /// <param name="logits">K finite numbers.</param>
    /// <param name="label">The class.</param>
    public void Add(ReadOnlySpan<float> logits, int label)
    {
        int predicted = IndexOfMaximum(logits);
        _samples[label]++;
        _correct[label] += predicted == label ? 1 : 0;
        if (_confusion.Length > 0)
        {
            _confusion[label * classes + predicted]++;
        }
        if (_scores.Length > 0)
        {
            _labels.Add(label);
            AddScores(logits, logits[predicted]);
        }
    }

    /// <inheritdoc/>
    public override void Write(BinaryWriter writer)
    {
        foreach (int[] counts in Counts)
        {
            writer.Write(MemoryMarshal.AsBytes<int>(counts));
        }
        writer.Write(_labels.Count);
        writer.Write(MemoryMarshal.AsBytes(CollectionsMarshal.AsSpan(_labels)));
        foreach (List<double> scores in _scores)
        {
            writer.Write(MemoryMarshal.AsBytes(CollectionsMarshal.AsSpan(scores)));
        }
    }

    /// <inheritdoc/>
    public override void Add(BinaryReader reader)
    {
        foreach (int[] counts in Counts)
        {
            for (int i = 0; i < counts.Length; i++)
            {
                counts[i] += reader.ReadInt32();
            }
        }
        int samples = reader.ReadInt32();
        for (int i = 0; i < samples; i++)
        {
            _labels.Add(reader.ReadInt32());
        }
        foreach (List<double> scores in _scores)
        {
            for (int i = 0; i < samples; i++)
            {
                scores.Add(reader.ReadDouble());
            }
        }
    }

    /// <inheritdoc/>
    public override EvaluationResult Complete(EvaluationResult result) => result with { Classes = Measure() };

    /// <summary>The measures of what was added.</summary>
    public ClassMeasures Measure() => new(_samples, _correct, _confusion, MeanAuc());

    private int[][] Counts => [_samples, _correct, _confusion];

    // log p / (1 − p) = z − log of the sum of e^z of the other classes.
    private void AddScores(ReadOnlySpan<float> logits, double peak)
    {
        // Sums of sorted numbers: rows that differ in the order of their classes alone stay equal.
        for (int k = 0; k < classes; k++)
        {
            _sorted[k] = Math.Exp(logits[k] - peak);
        }
        Array.Sort(_sorted);
        double sum = _sorted.Sum();
        for (int k = 0; k < classes; k++)
        {
            double own = Math.Exp(logits[k] - peak);
            // Where a class has most of it, sum − own would lose the others.
            double others = own < sum / 2 ? sum - own : SumWithout(own);
            _scores[k].Add(logits[k] - peak - Math.Log(others));
        }
    }

    private double SumWithout(double own)
    {
        int place = Array.BinarySearch(_sorted, own);
        double sum = 0;
        for (int i = 0; i < classes; i++)
        {
            sum += i == place ? 0 : _sorted[i];
        }
        return sum;
    }

    private double MeanAuc()
    {
        // Of two classes, each one's AUC is the other's.
        IEnumerable<int> measured = Enumerable.Range(0, classes == 2 ? 1 : classes);
        int[] labels = [.. _labels];
        return _scores.Length == 0 || classes < 2
            ? double.NaN
            : measured.Select(k => Auc([.. _scores[k]], labels, k)).Where(double.IsFinite)
                .DefaultIfEmpty(double.NaN).Average();
    }

    // (sum of the positives' ranks − P (P + 1) / 2) / (P N), equal scores with their mean rank.
    private static double Auc(double[] scores, int[] labels, int label)
    {
        bool[] isPositive = [.. labels.Select(other => other == label)];
        Array.Sort(scores, isPositive);
        double ranks = 0;
        long positives = 0;
        for (int first = 0, end; first < scores.Length; first = end)
        {
            int equal = 0;
            for (end = first; end < scores.Length && scores[end].Equals(scores[first]); end++)
            {
                equal += isPositive[end] ? 1 : 0;
            }
            ranks += equal * (first + 1 + end) / 2.0;
            positives += equal;
        }
        double pairs = (double)positives * (scores.Length - positives);
        return pairs == 0 ? double.NaN : (ranks - positives * (positives + 1) / 2.0) / pairs;
    }

    private static int IndexOfMaximum(ReadOnlySpan<float> values)
    {
        int index = 0;
        for (int i = 1; i < values.Length; i++)
        {
            index = values[i] > values[index] ? i : index;
        }
        return index;
    }
}
