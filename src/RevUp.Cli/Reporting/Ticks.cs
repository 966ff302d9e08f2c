namespace RevUp.Cli.Reporting;

/// <summary>Where the axes of charts have their lines.</summary>
internal static class Ticks
{
    private const int Most = 5;
    private static readonly double[] s_factors = [1, 2, 5, 10];

    /// <summary>
    /// Multiples of 1, 2 or 5 times a power of ten, from below the least to above the largest
    /// value.
    /// </summary>
    public static double[] Nice(double least, double largest)
    {
        double span = largest > least ? largest - least : Math.Max(Math.Abs(largest), 1);
        double power = Math.Pow(10, Math.Floor(Math.Log10(span / Most)));
        double step = power * s_factors.First(factor => power * factor * Most >= span);
        double first = Math.Floor(least / step);
        int count = (int)Math.Max(1, Math.Ceiling(largest / step - 1e-9) - first);
        return [.. Enumerable.Range(0, count + 1).Select(i => (first + i) * step)];
    }

    /// <summary>
    /// Whole decimal logarithms, from below the least to above the largest value.
    /// </summary>
    public static double[] Decades(double least, double largest)
    {
        int first = (int)Math.Floor(least);
        return [.. Enumerable.Range(first, Math.Max(1, (int)Math.Ceiling(largest) - first) + 1).Select(i => (double)i)];
    }
}
