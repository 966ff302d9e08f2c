namespace RevUp.Data;

/// <summary>y = (x / 255 − mean[c]) / deviation[c] for a byte x of channel c.</summary>
/// <remarks>Immutable. A table of 256 values per channel, so that every user rounds the same way.</remarks>
public sealed class ChannelNormalization
{
    private const int Levels = 256;
    private readonly float[] _table; // [channel][byte]

    /// <summary>A normalisation with given statistics, in units of the full range (white = 1).</summary>
    /// <exception cref="ArgumentException">The lists differ in length or are empty, a number is not finite, or a deviation is not positive.</exception>
    public ChannelNormalization(IReadOnlyList<double> mean, IReadOnlyList<double> deviation)
    {
        if (mean.Count == 0 || mean.Count != deviation.Count)
        {
            throw new ArgumentException($"There are {mean.Count} means and {deviation.Count} deviations; give one of each for every channel.");
        }
        _table = new float[mean.Count * Levels];
        for (int channel = 0; channel < mean.Count; channel++)
        {
            if (!double.IsFinite(mean[channel]) || !double.IsFinite(deviation[channel]) || deviation[channel] <= 0)
            {
                throw new ArgumentException(
                    $"Channel {channel} has mean {mean[channel]} and deviation {deviation[channel]}; both must be finite and the deviation positive.");
            }
            for (int level = 0; level < Levels; level++)
            {
                _table[channel * Levels + level] = (float)((level / 255.0 - mean[channel]) / deviation[channel]);
            }
        }
        Mean = [.. mean];
        Deviation = [.. deviation];
    }

    /// <summary>Mean of each channel, white = 1.</summary>
    public IReadOnlyList<double> Mean { get; }

    /// <summary>Standard deviation of each channel, white = 1.</summary>
    public IReadOnlyList<double> Deviation { get; }

    /// <summary>
    /// The statistics of all pixels of <paramref name="dataset"/>: mean = Σx / n and deviation = √(Σx²/n − mean²), with Σx and Σx² exact integers.
    /// </summary>
    /// <remarks>A channel that is constant gets the deviation 1, and so becomes 0 everywhere. One pass over the data.</remarks>
    /// <exception cref="ArgumentException">The dataset is empty.</exception>
    public static ChannelNormalization Compute(ImageDataset dataset)
    {
        if (dataset.Count == 0)
        {
            throw new ArgumentException("The dataset has no images, so it has no mean; give the statistics of the training set instead.");
        }
        int channels = dataset.Channels;
        long[] counts = new long[channels * Levels]; // a histogram holds both sums, and costs one addition per pixel
        for (int index = 0; index < dataset.Count; index++)
        {
            ReadOnlySpan<byte> pixels = dataset.Pixels(index);
            for (int i = 0; i < pixels.Length; i += channels)
            {
                for (int channel = 0; channel < channels; channel++)
                {
                    counts[channel * Levels + pixels[i + channel]]++;
                }
            }
        }
        double[] mean = new double[channels];
        double[] deviation = new double[channels];
        for (int channel = 0; channel < channels; channel++)
        {
            (mean[channel], deviation[channel]) = Moments(counts.AsSpan(channel * Levels, Levels));
        }
        return new ChannelNormalization(mean, deviation);
    }

    /// <summary>The 256 normalised values of one channel, by byte.</summary>
    internal ReadOnlySpan<float> Table(int channel) => _table.AsSpan(channel * Levels, Levels);

    private static (double Mean, double Deviation) Moments(ReadOnlySpan<long> counts)
    {
        Int128 n = 0, sum = 0, squares = 0;
        for (int level = 0; level < Levels; level++)
        {
            n += counts[level];
            sum += (Int128)counts[level] * level;
            squares += (Int128)counts[level] * (level * level);
        }
        Int128 scatter = n * squares - sum * sum; // n² times the variance, exact: no cancellation
        double deviation = Math.Sqrt((double)scatter) / (double)n / 255;
        return ((double)sum / (double)n / 255, scatter == 0 ? 1 : deviation);
    }
}
