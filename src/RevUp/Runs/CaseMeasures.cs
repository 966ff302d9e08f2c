namespace RevUp.Runs;

/// <summary>Agreement of one case's masks with the truth.</summary>
/// <param name="Name">The case.</param>
/// <param name="Classes">Of each class; 0 is the background.</param>
internal sealed record CaseMeasures(string Name, IReadOnlyList<ClassOverlap> Classes)
{
    /// <summary>
    /// Mean Dice of the classes but the background, without those that neither mask has; NaN where
    /// there are none.
    /// </summary>
    public double ForegroundDice => Means.Finite(Classes.Skip(1).Select(overlap => overlap.Dice));
}
