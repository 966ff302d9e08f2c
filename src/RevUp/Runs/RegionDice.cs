namespace RevUp.Runs;

/// <summary>Agreement of a region's masks over all cases.</summary>
/// <param name="Name">The region.</param>
/// <param name="Dice">Mean over the cases; NaN of a region in no case.</param>
internal readonly record struct RegionDice(string Name, double Dice);
