namespace RevUp.Inference;

/// <summary>
/// The queue of a <see cref="Predictor"/> is full: <see cref="PredictorOptions.MaximumQueue"/>
/// samples wait. A server answers 503, and the client tries again later.
/// </summary>
public sealed class PredictorBusyException : RevUpException
{
    internal PredictorBusyException(int waiting, int limit)
        : base(
            $"{waiting} samples wait for the predictor, which takes {limit} at most; try again later, or raise "
            + "PredictorOptions.MaximumQueue.")
    {
    }
}
