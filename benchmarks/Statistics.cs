namespace RevUp.Benchmarks;

/// <summary>Figures of a few measured values.</summary>
internal static class Statistics
{
    /// <summary>The middle value, or the mean of the two in the middle.</summary>
    public static double Median(IEnumerable<double> values) => Quantile(values, 0.5);

    /// <summary>
    /// The value below which a share of the others lies, interpolated between neighbours; 0 gives
    /// the least, 1 the largest.
    /// </summary>
    public static double Quantile(IEnumerable<double> values, double share)
    {
        double[] sorted = [.. values.Order()];
        double position = share * (sorted.Length - 1);
        int below = (int)position;
        double above = sorted[Math.Min(below + 1, sorted.Length - 1)];
        return sorted[below] + ((position - below) * (above - sorted[below]));
    }

    /// <summary>√(Σ (x − mean)² / (n − 1)); NaN for a single value.</summary>
    public static double StandardDeviation(IReadOnlyCollection<double> values)
    {
        double mean = values.Average();
        return Math.Sqrt(values.Sum(x => (x - mean) * (x - mean)) / (values.Count - 1));
    }
}
