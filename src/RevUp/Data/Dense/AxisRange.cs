namespace RevUp.Data.Dense;

/// <summary>A number along one axis over all cases.</summary>
internal sealed record AxisRange(double Least, double Median, double Most);
