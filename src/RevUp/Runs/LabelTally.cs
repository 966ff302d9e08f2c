namespace RevUp.Runs;

/// <summary>Gathers the outputs of an evaluation into <see cref="LabelMeasures"/>.</summary>
/// <param name="labels">K.</param>
/// <param name="capacity">The most samples that will be added.</param>
internal sealed class LabelTally(int labels, int capacity) : OutputTally
{
    private const long MaximumScores = 1 << 23;

    // Of each label: samples that have it, those answered and had, those answered.
    private readonly int[] _counts = new int[3 * labels];

    // [sample · label]: logits, which are in the order of the probabilities. Empty where it would
    // be too much.
    private readonly bool _keeps = (long)labels * capacity <= MaximumScores;
    private readonly List<float> _scores = [];
    private readonly List<byte> _truths = [];

    /// <inheritdoc/>
    public override void Add(int index, ReadOnlySpan<float> outputs, ReadOnlySpan<float> targets)
    {
        for (int i = 0; i < outputs.Length; i++)
        {
            int label = i % labels;
            bool has = targets[i] > 0.5f, answered = outputs[i] > 0;
            _counts[3 * label] += has ? 1 : 0;
            _counts[3 * label + 1] += has && answered ? 1 : 0;
            _counts[3 * label + 2] += answered ? 1 : 0;
            if (_keeps)
            {
                _scores.Add(outputs[i]);
                _truths.Add((byte)(has ? 1 : 0));
            }
        }
    }

    /// <inheritdoc/>
    public override void Write(BinaryWriter writer)
    {
        writer.Write(MemoryMarshal.AsBytes<int>(_counts));
        writer.Write(_scores.Count);
        writer.Write(MemoryMarshal.AsBytes(CollectionsMarshal.AsSpan(_scores)));
        writer.Write(CollectionsMarshal.AsSpan(_truths));
    }

    /// <inheritdoc/>
    public override void Add(BinaryReader reader)
    {
        for (int i = 0; i < _counts.Length; i++)
        {
            _counts[i] += reader.ReadInt32();
        }
        int scores = reader.ReadInt32();
        for (int i = 0; i < scores; i++)
        {
            _scores.Add(reader.ReadSingle());
        }
        _truths.AddRange(reader.ReadBytes(scores));
    }

    /// <inheritdoc/>
    public override EvaluationResult Complete(EvaluationResult result)
    {
        (long had, long found, long answered) = (Sum(0), Sum(1), Sum(2));
        LabelMeasures measures = new(
            [.. Enumerable.Range(0, labels).Select(label => _counts[3 * label])],
            had + answered == 0 ? double.NaN : 2.0 * found / (had + answered),
            [.. Enumerable.Range(0, labels).Select(AveragePrecision)]);
        return result with { Labels = measures };
    }

    private long Sum(int kind)
    {
        long sum = 0;
        for (int label = 0; label < labels; label++)
        {
            sum += _counts[3 * label + kind];
        }
        return sum;
    }

    private double AveragePrecision(int label)
    {
        int positives = _counts[3 * label];
        if (!_keeps || positives == 0)
        {
            return double.NaN;
        }
        int samples = _scores.Count / labels;
        float[] scores = new float[samples];
        byte[] truths = new byte[samples];
        for (int sample = 0; sample < samples; sample++)
        {
            // Ascending order of the negative is descending order.
            (scores[sample], truths[sample]) = (-_scores[sample * labels + label], _truths[sample * labels + label]);
        }
        Array.Sort(scores, truths);
        double sum = 0;
        long found = 0;
        for (int first = 0, end; first < samples; first = end)
        {
            int equal = 0;
            for (end = first; end < samples && scores[end].Equals(scores[first]); end++)
            {
                equal += truths[end];
            }
            found += equal;
            sum += (double)equal * found / end;
        }
        return sum / positives;
    }
}
