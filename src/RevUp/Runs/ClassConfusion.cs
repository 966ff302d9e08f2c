namespace RevUp.Runs;

/// <summary>Samples of one class that were taken for another.</summary>
/// <param name="Actual">Their class.</param>
/// <param name="Predicted">The other class.</param>
/// <param name="Samples">Number of samples.</param>
internal readonly record struct ClassConfusion(int Actual, int Predicted, int Samples);
