namespace RevUp.Benchmarks;

/// <summary>Where the middle half of the measured values lies.</summary>
internal sealed record Quartiles(double First, double Median, double Third)
{
    /// <summary>The quartiles of at least one value.</summary>
    public static Quartiles Of(IReadOnlyCollection<double> values) =>
        new(Statistics.Quantile(values, 0.25), Statistics.Median(values), Statistics.Quantile(values, 0.75));
}
