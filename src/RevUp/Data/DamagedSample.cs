namespace RevUp.Data;

/// <summary>A sample that could not be read.</summary>
/// <param name="Index">Its place in the dataset.</param>
/// <param name="Reason">Which file, and what is wrong with it.</param>
internal sealed record DamagedSample(int Index, string Reason);
