using RevUp.Tensors;

namespace RevUp.Data.Dense;

/// <summary>Changes of a patch's values, channel by channel: [positions, C] floats.</summary>
internal static class PatchValues
{
    private const double LeastRange = 1e-7;

    /// <summary>Draws and makes all changes of a sample; each draws numbers of its own.</summary>
    public static void Change(SampleKey key, PatchAugmentation settings, Span<float> values, int channels)
    {
        CounterRandom random = key.Draws(RandomStreams.PatchValues);
        Span<bool> changes = stackalloc bool[5];
        double[] shares =
        [
            settings.NoiseShare, settings.BrightnessShare, settings.ContrastShare, settings.InvertedGammaShare,
            settings.GammaShare,
        ];
        for (int i = 0; i < changes.Length; i++)
        {
            changes[i] = random.NextDouble() < shares[i];
        }
        double noise = random.NextDouble() * settings.Noise;
        for (int channel = 0; channel < channels; channel++)
        {
            float brightness = (float)Between(ref random, settings.Brightness[0], settings.Brightness[1]);
            double contrast = Factor(ref random, settings.Contrast);
            double inverted = Factor(ref random, settings.Gamma), gamma = Factor(ref random, settings.Gamma);
            if (changes[1])
            {
                Multiply(values, channels, channel, brightness);
            }
            if (changes[2])
            {
                Stretch(values, channels, channel, contrast);
            }
            if (changes[3])
            {
                Multiply(values, channels, channel, -1);
                Correct(values, channels, channel, inverted);
                Multiply(values, channels, channel, -1);
            }
            if (changes[4])
            {
                Correct(values, channels, channel, gamma);
            }
        }
        for (int i = 0; changes[0] && i < values.Length; i++)
        {
            values[i] += (float)(noise * random.NextNormal());
        }
    }

    /// <summary>
    /// A factor of a range: below 1 or above 1 by a fair coin where the range has both, then
    /// uniform. Two draws always.
    /// </summary>
    public static double Factor(ref CounterRandom random, IReadOnlyList<double> range)
    {
        bool isBelow = random.NextInt(2) == 0;
        (double least, double most) = (range[0], range[1]);
        return least < 1 && most > 1
            ? isBelow ? Between(ref random, least, 1) : Between(ref random, 1, most)
            : Between(ref random, least, most);
    }

    /// <summary>x · factor.</summary>
    public static void Multiply(Span<float> values, int channels, int channel, float factor)
    {
        for (int i = channel; i < values.Length; i += channels)
        {
            values[i] *= factor;
        }
    }

    /// <summary>mean + (x − mean) · factor, clipped to the range that x had.</summary>
    public static void Stretch(Span<float> values, int channels, int channel, double factor)
    {
        Moments moments = Moments.Of(values, channels, channel);
        for (int i = channel; i < values.Length; i += channels)
        {
            double value = moments.Mean + (values[i] - moments.Mean) * factor;
            values[i] = (float)Math.Clamp(value, moments.Least, moments.Most);
        }
    }

    /// <summary>
    /// ((x − min) / (max − min))^exponent, brought to the mean and the deviation of x.
    /// </summary>
    public static void Correct(Span<float> values, int channels, int channel, double exponent)
    {
        Moments before = Moments.Of(values, channels, channel);
        double range = before.Most - before.Least;
        if (range < LeastRange)
        {
            return;
        }
        for (int i = channel; i < values.Length; i += channels)
        {
            values[i] = (float)Math.Pow((values[i] - before.Least) / range, exponent);
        }
        Moments after = Moments.Of(values, channels, channel);
        double scale = before.Deviation / Math.Max(after.Deviation, LeastRange);
        for (int i = channel; i < values.Length; i += channels)
        {
            values[i] = (float)((values[i] - after.Mean) * scale + before.Mean);
        }
    }

    private static double Between(ref CounterRandom random, double least, double most) =>
        least + (most - least) * random.NextDouble();

    private readonly record struct Moments(double Mean, double Deviation, double Least, double Most)
    {
        public static Moments Of(ReadOnlySpan<float> values, int channels, int channel)
        {
            (double sum, double squares, int count) = (0, 0, 0);
            (double least, double most) = (double.PositiveInfinity, double.NegativeInfinity);
            for (int i = channel; i < values.Length; i += channels, count++)
            {
                double value = values[i];
                sum += value;
                squares += value * value;
                (least, most) = (Math.Min(least, value), Math.Max(most, value));
            }
            double mean = sum / count;
            return new Moments(mean, Math.Sqrt(Math.Max(0, squares / count - mean * mean)), least, most);
        }
    }
}
