namespace RevUp.Runs;

/// <summary>Means over numbers of which some are not defined.</summary>
internal static class Means
{
    /// <summary>The mean of the finite numbers; NaN where there are none.</summary>
    public static double Finite(IEnumerable<double> values) =>
        values.Where(double.IsFinite).DefaultIfEmpty(double.NaN).Average();
}
