using RevUp.Data;

namespace RevUp.Inference;

/// <summary>
/// A call that waits in a <see cref="PredictionQueue"/>. Its samples must not change until its task
/// ends.
/// </summary>
internal sealed class WaitingCall : TaskCompletionSource<float[]>
{
    private readonly CancellationToken _stop;
    private readonly CancellationTokenRegistration _registration;
    private int _isTaken;

    /// <param name="bytes">Samples of bytes; empty where they are floats.</param>
    /// <param name="values">Normalised floats; empty where they are bytes.</param>
    /// <param name="count">Number of samples.</param>
    /// <param name="stop">Ends the wait. A call whose batch has started ends with it.</param>
    public WaitingCall(ReadOnlyMemory<byte> bytes, ReadOnlyMemory<float> values, int count, CancellationToken stop)
        : base(TaskCreationOptions.RunContinuationsAsynchronously)
    {
        (Bytes, Values, Count, _stop) = (bytes, values, count, stop);
        _registration = stop.UnsafeRegister(static state => ((WaitingCall)state!).Cancel(), this);
    }

    public ReadOnlyMemory<byte> Bytes { get; }

    public ReadOnlyMemory<float> Values { get; }

    public int Count { get; }

    public bool IsOfBytes => !Bytes.IsEmpty;

    /// <summary>Whether the call is the caller's to compute: nobody has cancelled it.</summary>
    public bool TryTake() => Interlocked.Exchange(ref _isTaken, 1) == 0;

    /// <summary>Ends the call with its probabilities, or says which sample overflows.</summary>
    public void Complete(ReadOnlySpan<float> probabilities, int classes)
    {
        _registration.Unregister();
        int bad = FiniteValues.IndexOfOther(probabilities);
        if (bad < 0)
        {
            TrySetResult(probabilities.ToArray());
        }
        else
        {
            TrySetException(Predictor.Overflow(bad / classes));
        }
    }

    private void Cancel()
    {
        if (TryTake())
        {
            TrySetCanceled(_stop);
        }
    }
}
