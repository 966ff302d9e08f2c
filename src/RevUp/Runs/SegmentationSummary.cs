namespace RevUp.Runs;

/// <summary>The figures of a segmentation that its curves show.</summary>
/// <param name="Dice">Mean Dice of each class over the cases; NaN of a class in no case.</param>
/// <param name="PooledIou">See <see cref="SegmentationMeasures.PooledIou"/>.</param>
internal sealed record SegmentationSummary(IReadOnlyList<double> Dice, double PooledIou)
{
    /// <summary>Mean Dice of each region over the cases.</summary>
    public IReadOnlyList<RegionDice> Regions { get; init; } = [];

    /// <summary>Mean Dice without the background.</summary>
    public double ForegroundDice => Means.Finite(Dice.Skip(1));

    public bool Equals(SegmentationSummary? other) =>
        other is not null && PooledIou.Equals(other.PooledIou) && Dice.SequenceEqual(other.Dice)
        && Regions.SequenceEqual(other.Regions);

    public override int GetHashCode() => HashCode.Combine(Dice.Count, PooledIou);
}
