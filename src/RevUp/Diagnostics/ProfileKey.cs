namespace RevUp.Diagnostics;

/// <summary>Owner of a measured time.</summary>
/// <param name="Operation">Base name of the operation in words; empty for a gap.</param>
/// <param name="Part">Part of the step.</param>
/// <param name="Layer">Index of the layer, or <see cref="NoLayer"/>.</param>
/// <param name="Gap">The host's occupation in a gap; null for an operation.</param>
internal sealed record ProfileKey(string Operation, StepPart Part, int Layer, HostActivity? Gap)
{
    /// <summary>Outside of all layers.</summary>
    public const int NoLayer = -1;
}
