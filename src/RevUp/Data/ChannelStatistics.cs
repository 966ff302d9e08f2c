namespace RevUp.Data;

/// <summary>
/// Mean and deviation of each channel over the values that were added: mean = Σx / n, deviation =
/// √(Σx²/n − mean²).
/// </summary>
/// <remarks>
/// The sums of bytes are exact integers, the sums of floats doubles. Not thread-safe.
/// </remarks>
internal sealed class ChannelStatistics(int channels)
{
    private const int Levels = 256;

    // holds both sums of bytes, and costs one addition per pixel
    private readonly long[] _histogram = new long[channels * Levels];
    private readonly double[] _sums = new double[channels];
    private readonly double[] _squares = new double[channels];
    private long _values; // floats per channel
    private double _least = double.PositiveInfinity; // of all floats
    private double _greatest = double.NegativeInfinity;

    /// <summary>Adds positions × C bytes, which count as fractions of white: x / 255.</summary>
    public void Add(ReadOnlySpan<byte> pixels)
    {
        for (int i = 0; i < pixels.Length; i += channels)
        {
            for (int channel = 0; channel < channels; channel++)
            {
                _histogram[channel * Levels + pixels[i + channel]]++;
            }
        }
    }

    /// <summary>Adds positions × C numbers as they are.</summary>
    public void Add(ReadOnlySpan<float> values)
    {
        for (int i = 0; i < values.Length; i += channels)
        {
            for (int channel = 0; channel < channels; channel++)
            {
                double value = values[i + channel];
                _sums[channel] += value;
                _squares[channel] += value * value;
                _least = Math.Min(_least, value);
                _greatest = Math.Max(_greatest, value);
            }
        }
        _values += values.Length / channels;
    }

    /// <summary>
    /// Adds nothing of what <paramref name="add"/> added when a number of it was not finite.
    /// </summary>
    /// <returns>Whether it was added.</returns>
    internal bool TryAdd(Action<ChannelStatistics> add)
    {
        (double[] sums, double[] squares, long values) = ([.. _sums], [.. _squares], _values);
        (double least, double greatest) = (_least, _greatest);
        add(this);
        if (_squares.All(double.IsFinite))
        {
            return true;
        }
        sums.CopyTo(_sums, 0);
        squares.CopyTo(_squares, 0);
        (_values, _least, _greatest) = (values, least, greatest);
        return false;
    }

    /// <summary>
    /// The normalisation by these statistics. A channel that is constant gets the deviation 1, and
    /// so becomes 0 everywhere.
    /// </summary>
    /// <exception cref="InvalidOperationException">Nothing was added.</exception>
    public ChannelNormalization ToNormalization()
    {
        double[] mean = new double[channels];
        double[] deviation = new double[channels];
        for (int channel = 0; channel < channels; channel++)
        {
            (mean[channel], double spread) =
                _values > 0 ? MomentsOfFloats(channel) : MomentsOfBytes(_histogram.AsSpan(channel * Levels, Levels));
            deviation[channel] = spread > 0 ? spread : 1;
        }
        return new ChannelNormalization(mean, deviation)
        {
            Range = _values > 0 ? (_least, _greatest) : null,
        };
    }

    private (double Mean, double Deviation) MomentsOfFloats(int channel)
    {
        double mean = _sums[channel] / _values;
        return (mean, Math.Sqrt(Math.Max(0, _squares[channel] / _values - mean * mean)));
    }

    private static (double Mean, double Deviation) MomentsOfBytes(ReadOnlySpan<long> counts)
    {
        Int128 n = 0, sum = 0, squares = 0;
        for (int level = 0; level < Levels; level++)
        {
            n += counts[level];
            sum += (Int128)counts[level] * level;
            squares += (Int128)counts[level] * (level * level);
        }
        if (n == 0)
        {
            throw new InvalidOperationException("No sample was added, so there is no mean.");
        }
        Int128 scatter = n * squares - sum * sum; // n² times the variance, exact: no cancellation
        return ((double)sum / (double)n / 255, Math.Sqrt((double)scatter) / (double)n / 255);
    }
}
