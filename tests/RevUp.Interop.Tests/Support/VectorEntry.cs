namespace RevUp.Interop.Tests.Support;

/// <summary>
/// A vector of a table: first element, elements, and the index of its norm, all in one buffer.
/// </summary>
internal readonly record struct VectorEntry(double First, double Count, double Norm);
