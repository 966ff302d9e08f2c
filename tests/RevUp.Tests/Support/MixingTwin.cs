namespace RevUp.Tests.Support;

/// <summary>
/// The mixing of channels in float64, rotation by rotation on x itself, without a matrix.
/// </summary>
internal static class MixingTwin
{
    /// <summary>y, channels-last.</summary>
    public static double[] Evaluate(int channels, double[] angles, double[] x)
    {
        double[] y = [.. x];
        int next = 0;
        for (int distance = 1; distance < channels; distance *= 2)
        {
            for (int c = 0; c + distance < channels; c++)
            {
                if (c / distance % 2 == 0)
                {
                    Rotate(channels, c, c + distance, angles[next++], y);
                }
            }
        }
        Assert.AreEqual(angles.Length, next, "an angle for every rotation");
        return y;
    }

    private static void Rotate(int channels, int first, int second, double angle, double[] y)
    {
        for (int position = 0; position < y.Length; position += channels)
        {
            (double a, double b) = (y[position + first], y[position + second]);
            y[position + first] = (Math.Cos(angle) * a) - (Math.Sin(angle) * b);
            y[position + second] = (Math.Sin(angle) * a) + (Math.Cos(angle) * b);
        }
    }
}
