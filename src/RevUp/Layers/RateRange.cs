namespace RevUp.Layers;

/// <summary>Parameters that lie one after the other and share the optimiser's settings.</summary>
/// <param name="Group">Their group.</param>
/// <param name="Rate">Factor of the group's learning rate.</param>
/// <param name="End">
/// Where they end in the flat buffers, in elements: at a multiple of the arena's alignment, but for
/// the last range's.
/// </param>
internal readonly record struct RateRange(ParameterGroup Group, double Rate, long End);
