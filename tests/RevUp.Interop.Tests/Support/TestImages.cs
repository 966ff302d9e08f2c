namespace RevUp.Interop.Tests.Support;

/// <summary>Images for tests and the float64 twin of the resampler.</summary>
internal static class TestImages
{
    /// <summary>Like a photograph: smooth shading, edges of objects, and a little noise.</summary>
    internal static Pixels Photo(int height, int width, int channels, int seed = 1)
    {
        Random random = new(seed);
        double[] phase = [.. Enumerable.Range(0, 8).Select(_ => random.NextDouble() * 2 * Math.PI)];
        return Pixels.Fill(height, width, channels, (y, x, c) =>
        {
            double shade = 60 * Math.Sin((x / 47.0) + phase[c]) * Math.Cos((y / 61.0) + phase[c + 4]);
            bool inside = Math.Pow((x / (double)width) - 0.4, 2) + Math.Pow((y / (double)height) - 0.6, 2) < 0.06;
            double detail = inside ? 50 - (20 * c) : 15 * Math.Sign(Math.Sin((x + (2 * y)) / 23.0));
            return (byte)Math.Clamp(120 + shade + detail + (random.NextDouble() * 6), 0, 255);
        });
    }

    /// <summary>Unrelated bytes: the hardest case for a filter.</summary>
    internal static Pixels Noise(int height, int width, int channels, int seed = 1)
    {
        Pixels pixels = new(new byte[height * width * channels], height, width, channels);
        new Random(seed).NextBytes(pixels.Data);
        return pixels;
    }

    /// <summary>
    /// The triangle filter in float64, straight from the formula in revup_image.h, in two
    /// dimensions at once: no intermediate image, no rounding.
    /// </summary>
    internal static double[] Resample(Pixels source, int height, int width)
    {
        (int Index, double Value)[][] rows = Weights(source.Height, height), columns = Weights(source.Width, width);
        double[] result = new double[height * width * source.Channels];
        for (int i = 0; i < result.Length; i++)
        {
            int y = i / source.Channels / width, x = i / source.Channels % width, c = i % source.Channels;
            foreach ((int v, double row) in rows[y])
            {
                foreach ((int u, double column) in columns[x])
                {
                    result[i] += row * column * source[v, u, c];
                }
            }
        }

        return result;
    }

    /// <summary>10·log₁₀(255² / mean squared difference), in dB.</summary>
    internal static double PeakSignalToNoise(ReadOnlySpan<double> expected, ReadOnlySpan<byte> actual)
    {
        double sum = 0;
        for (int i = 0; i < expected.Length; i++)
        {
            sum += (expected[i] - actual[i]) * (expected[i] - actual[i]);
        }

        return 10 * Math.Log10(255.0 * 255.0 * expected.Length / sum);
    }

    private static (int Index, double Value)[][] Weights(int inputs, int outputs)
    {
        double scale = (double)inputs / outputs;
        return [.. Enumerable.Range(0, outputs).Select(i =>
        {
            double[] all = [.. Enumerable.Range(0, inputs).Select(
                j => Math.Max(0, 1 - (Math.Abs(j + 0.5 - ((i + 0.5) * scale)) / Math.Max(scale, 1))))];
            double sum = all.Sum();
            return all.Select((weight, j) => (j, weight / sum)).Where(weight => weight.Item2 > 0).ToArray();
        })];
    }
}
