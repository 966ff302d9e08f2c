namespace RevUp.Training;

/// <summary>
/// Mean time of a step over about the last 20 seconds, whatever the steps' number: long enough to
/// smooth what a busy machine does to single steps, short enough to follow it.
/// </summary>
internal sealed class Pace
{
    private const double WindowSeconds = 20;

    // Of a training step, the share that its forward pass takes: the first guess at an evaluation,
    // until one was measured.
    private const double ForwardShare = 0.25;

    private double _steps;
    private double _seconds;
    private double? _evaluationSeconds;

    /// <summary>Mean time of a step; 0 before the first.</summary>
    public double SecondsPerStep => _steps == 0 ? 0 : _seconds / _steps;

    /// <summary>Adds a step, with its data and bookkeeping.</summary>
    public void AddStep(double seconds)
    {
        // A step weighs e times less for every window of time that has passed since.
        double kept = Math.Exp(-seconds / WindowSeconds);
        _steps = kept * _steps + 1;
        _seconds = kept * _seconds + seconds;
    }

    /// <summary>Replaces the time of an evaluation.</summary>
    public void AddEvaluation(double seconds) => _evaluationSeconds = seconds;

    /// <summary>
    /// Seconds that an evaluation of a number of batches, each as large as a step's, takes.
    /// </summary>
    public double Evaluation(double batches) => _evaluationSeconds ?? ForwardShare * batches * SecondsPerStep;
}
