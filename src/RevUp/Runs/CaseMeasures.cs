namespace RevUp.Runs;

/// <summary>Agreement of one case's masks with the truth.</summary>
/// <param name="Name">The case.</param>
/// <param name="Classes">Of each class; 0 is the background.</param>
/// <param name="RegionDice">
/// Dice of each region, the union of its classes; NaN of a region that neither mask has.
/// </param>
internal sealed record CaseMeasures(
    string Name, IReadOnlyList<ClassOverlap> Classes, IReadOnlyList<double> RegionDice)
{
    /// <summary>
    /// Mean Dice of the classes but the background, without those that neither mask has; NaN where
    /// there are none.
    /// </summary>
    public double ForegroundDice => Means.Finite(Classes.Skip(1).Select(overlap => overlap.Dice));
}
