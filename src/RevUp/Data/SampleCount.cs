namespace RevUp.Data;

/// <summary>How many samples have something in common.</summary>
/// <param name="Name">Name of a class or a size.</param>
/// <param name="Samples">How many have it.</param>
internal sealed record SampleCount(string Name, int Samples);
