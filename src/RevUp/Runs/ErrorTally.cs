namespace RevUp.Runs;

/// <summary>Gathers the outputs of an evaluation into <see cref="ErrorMeasures"/>.</summary>
/// <param name="outputs">K.</param>
/// <param name="batches">Batches of all ranks.</param>
internal sealed class ErrorTally(int outputs, int batches) : OutputTally
{
    // Of each batch and output: Σ |e|, Σ e², mean of the targets, Σ (t − mean)². 0 where another
    // rank has the batch.
    private const int Numbers = 4;

    private readonly double[] _sums = new double[batches * outputs * Numbers];
    private readonly int[] _samples = new int[batches];

    /// <inheritdoc/>
    public override void Add(int index, ReadOnlySpan<float> values, ReadOnlySpan<float> targets)
    {
        int samples = values.Length / outputs;
        _samples[index] = samples;
        for (int k = 0; k < outputs; k++)
        {
            double absolute = 0, squared = 0, mean = 0, spread = 0;
            for (int i = k; i < values.Length; i += outputs)
            {
                double error = (double)values[i] - targets[i];
                absolute += Math.Abs(error);
                squared += error * error;
                mean += targets[i];
            }
            mean /= samples;
            for (int i = k; i < values.Length; i += outputs)
            {
                double distance = targets[i] - mean;
                spread += distance * distance;
            }
            ReadOnlySpan<double> numbers = [absolute, squared, mean, spread];
            numbers.CopyTo(Of(index, k));
        }
    }

    /// <inheritdoc/>
    public override void Write(BinaryWriter writer)
    {
        writer.Write(MemoryMarshal.AsBytes<int>(_samples));
        writer.Write(MemoryMarshal.AsBytes<double>(_sums));
    }

    /// <inheritdoc/>
    public override void Add(BinaryReader reader)
    {
        for (int i = 0; i < _samples.Length; i++)
        {
            _samples[i] += reader.ReadInt32();
        }
        for (int i = 0; i < _sums.Length; i++)
        {
            _sums[i] += reader.ReadDouble();
        }
    }

    /// <inheritdoc/>
    public override EvaluationResult Complete(EvaluationResult result)
    {
        (double[] absolute, double[] determination) = (new double[outputs], new double[outputs]);
        for (int k = 0; k < outputs; k++)
        {
            (absolute[k], determination[k]) = Measure(k);
        }
        return result with { Top1 = double.NaN, Errors = new ErrorMeasures(absolute, determination) };
    }

    // Means and spreads of batches are joined in their order (Chan, Golub and LeVeque, 1983): no
    // difference of large sums.
    private (double Absolute, double Determination) Measure(int output)
    {
        double absolute = 0, squared = 0, mean = 0, spread = 0;
        long samples = 0;
        for (int batch = 0; batch < _samples.Length; batch++)
        {
            if (_samples[batch] == 0)
            {
                continue;
            }
            ReadOnlySpan<double> numbers = Of(batch, output);
            absolute += numbers[0];
            squared += numbers[1];
            long all = samples + _samples[batch];
            double distance = numbers[2] - mean;
            spread += numbers[3] + distance * distance * samples * _samples[batch] / all;
            mean += distance * _samples[batch] / all;
            samples = all;
        }
        return (absolute / samples, spread > 0 ? 1 - squared / spread : double.NaN);
    }

    private Span<double> Of(int batch, int output) => _sums.AsSpan((batch * outputs + output) * Numbers, Numbers);
}
