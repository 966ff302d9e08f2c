namespace RevUp.Cli.StudyRuns;

/// <summary>A mean over runs, and how far they are apart.</summary>
/// <param name="Mean">NaN over none.</param>
/// <param name="Deviation">
/// Standard deviation of the sample, √(Σ(x − mean)² / (n − 1)); NaN of fewer than two.
/// </param>
/// <param name="Count">n.</param>
internal readonly record struct Spread(double Mean, double Deviation, int Count)
{
    /// <summary>The spread of some values.</summary>
    public static Spread Of(IEnumerable<double> values)
    {
        double[] all = [.. values];
        double mean = all.DefaultIfEmpty(double.NaN).Average();
        double squares = all.Sum(value => (value - mean) * (value - mean));
        return new Spread(mean, all.Length < 2 ? double.NaN : Math.Sqrt(squares / (all.Length - 1)), all.Length);
    }
}
