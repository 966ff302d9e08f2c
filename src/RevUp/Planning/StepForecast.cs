namespace RevUp.Planning;

/// <summary>Expected cost of a training step, from the measured cost of its layers.</summary>
/// <param name="PeakBytes">
/// The most bytes of the arena live at once, to the byte where every inversion takes two
/// evaluations or more; one of a single evaluation takes an activation less than is counted.
/// </param>
/// <param name="ReplayPeakBytes">
/// The most where inversions are refused, and inputs recomputed; a bound, and no less than
/// <paramref name="PeakBytes"/>.
/// </param>
/// <param name="Milliseconds">Of a step with inversions as long as at the Lipschitz bound.</param>
internal sealed record StepForecast(long PeakBytes, long ReplayPeakBytes, double Milliseconds);
