using RevUp.Tensors;

namespace RevUp.Data;

/// <summary>
/// y = (x / 255 − mean[c]) / deviation[c] for a byte x of channel c, and y = (x − mean[c]) /
/// deviation[c] for a number x.
/// </summary>
/// <remarks>
/// Immutable. Bytes go through a table of 256 values per channel, so that every user rounds the
/// same way.
/// </remarks>
internal sealed class ChannelNormalization
{
    private const int Levels = 256;
    private readonly float[] _table; // [channel][byte]

    /// <summary>
    /// A normalisation with given statistics. For bytes they are in units of the full range (white
    /// = 1), for other numbers in units of the values.
    /// </summary>
    /// <exception cref="ArgumentException">
    /// The lists differ in length or are empty, a number is not finite, or a deviation is not
    /// positive.
    /// </exception>
    public ChannelNormalization(IReadOnlyList<double> mean, IReadOnlyList<double> deviation)
    {
        ArgumentNullException.ThrowIfNull(mean);
        ArgumentNullException.ThrowIfNull(deviation);
        if (mean.Count == 0 || mean.Count != deviation.Count)
        {
            throw new ArgumentException(
                $"There are {mean.Count} means and {deviation.Count} deviations; give one of each for every channel.",
                nameof(deviation));
        }
        _table = new float[mean.Count * Levels];
        for (int channel = 0; channel < mean.Count; channel++)
        {
            if (!double.IsFinite(mean[channel]) || !double.IsFinite(deviation[channel]) || deviation[channel] <= 0)
            {
                throw new ArgumentException(
                    $"Channel {channel} has mean {mean[channel]} and deviation {deviation[channel]}; both must be "
                    + "finite and the deviation positive.",
                    double.IsFinite(mean[channel]) ? nameof(deviation) : nameof(mean));
            }
            for (int level = 0; level < Levels; level++)
            {
                _table[channel * Levels + level] = (float)((level / 255.0 - mean[channel]) / deviation[channel]);
            }
        }
        Mean = [.. mean];
        Deviation = [.. deviation];
    }

    /// <summary>Mean of each channel; for bytes white = 1.</summary>
    public IReadOnlyList<double> Mean { get; }

    /// <summary>Standard deviation of each channel; for bytes white = 1.</summary>
    public IReadOnlyList<double> Deviation { get; }

    /// <summary>
    /// Least and greatest of the floats that were measured; null for bytes, and for statistics that
    /// were given.
    /// </summary>
    internal (double Least, double Greatest)? Range { get; init; }

    /// <summary>
    /// The statistics of <paramref name="dataset"/>, without augmentation: of every sample, or of a
    /// number of samples spread evenly over it.
    /// </summary>
    /// <param name="dataset">The training set.</param>
    /// <param name="maximumSamples">
    /// How many are read at the most. A damaged one is left out.
    /// </param>
    /// <exception cref="ArgumentException">The dataset is empty.</exception>
    /// <exception cref="DataFileException">None of the samples can be read.</exception>
    public static ChannelNormalization Compute(ImageDataset dataset, int maximumSamples = int.MaxValue)
    {
        ArgumentNullException.ThrowIfNull(dataset);
        if (dataset.Count == 0)
        {
            throw new ArgumentException(
                "The dataset has no images, so it has no mean; give the statistics of the training set instead.",
                nameof(dataset));
        }
        ChannelStatistics statistics = new(dataset.Sample.Channels);
        using SampleReader reader = dataset.OpenReader();
        int samples = Math.Min(dataset.Count, maximumSamples), damaged = 0;
        for (int i = 0; i < samples; i++)
        {
            int index = (int)((long)i * dataset.Count / samples);
            try
            {
                if (!statistics.TryAdd(to => reader.Measure(index, to)))
                {
                    throw new DataFileException(
                        dataset.Name(index),
                        "it has a value that is not finite, or too large to square; correct or leave it out.");
                }
            }
            catch (DataFileException) when (++damaged < samples)
            {
                // The loader meets it too, names it and counts it.
            }
        }
        return statistics.ToNormalization();
    }

    /// <summary>
    /// (x − mean[c]) / deviation[c] in place, for values that are not bytes: positions × C of them,
    /// channels-last.
    /// </summary>
    internal void Apply(Span<float> values)
    {
        for (int i = 0; i < values.Length; i++)
        {
            int channel = i % Mean.Count;
            values[i] = (float)((values[i] - Mean[channel]) / Deviation[channel]);
        }
    }

    /// <summary>The 256 normalised values of one channel, by byte.</summary>
    internal ReadOnlySpan<float> Table(int channel) => _table.AsSpan(channel * Levels, Levels);

    /// <summary>The normalised values of all bytes, [C, 256].</summary>
    internal ReadOnlySpan<float> ByteTable => _table;

    /// <summary>Throws when the normalised value of a byte is not finite.</summary>
    /// <exception cref="ConfigurationException">Names the channel.</exception>
    internal void RequireFiniteBytes()
    {
        int bad = FiniteValues.IndexOfOther(_table);
        if (bad >= 0)
        {
            int channel = bad / Levels;
            throw new ConfigurationException(
                $"data.mean {Mean[channel]} and data.deviation {Deviation[channel]} of channel {channel} make the byte "
                + $"{bad % Levels} a value that is not finite; use a larger deviation, or leave both out.");
        }
    }
}
