namespace RevUp.Benchmarks.Studies;

/// <summary>
/// One training step as its process saw it. The peer leaves out what it does not have.
/// </summary>
/// <param name="Milliseconds">Time of the step.</param>
/// <param name="Parameters">Trainable numbers.</param>
/// <param name="ProcessPeakBytes">VmHWM since the process began.</param>
/// <param name="ActivationPeakBytes">Peak of the arena's activations; 0 for the peer.</param>
/// <param name="MeanEvaluations">k; 0 when nothing was inverted.</param>
/// <param name="MaxEvaluations">Largest k.</param>
/// <param name="MaxResidual">Largest inversion residual.</param>
internal sealed record StepSample(
    double Milliseconds,
    long Parameters,
    long ProcessPeakBytes,
    long ActivationPeakBytes = 0,
    double MeanEvaluations = 0,
    int MaxEvaluations = 0,
    double MaxResidual = 0);
