namespace RevUp.Tensors;

/// <summary>
/// The seat of the one thread that drives a backend. The outermost public call takes it with an
/// atomic exchange; a call inside costs one compare. Between calls the seat is free, so that work
/// may go on on another thread, such as behind an await.
/// </summary>
internal sealed class DriverSeat
{
    private int _driver;
    private int _last = Environment.CurrentManagedThreadId;

    /// <summary>Called when another thread takes the seat than had it before.</summary>
    public Action? Changed { get; set; }

    /// <summary>Called when a thread takes the seat, on this thread.</summary>
    public Action? Taken { get; set; }

    /// <summary>Called before the thread leaves the seat, on this thread.</summary>
    public Action? Left { get; set; }

    /// <summary>Takes the seat until the result is disposed.</summary>
    /// <exception cref="InvalidOperationException">Another thread has it.</exception>
    public Driving Take()
    {
        int thread = Environment.CurrentManagedThreadId;
        if (_driver == thread)
        {
            return default;
        }
        int other = Interlocked.CompareExchange(ref _driver, thread, 0);
        if (other != 0)
        {
            throw new InvalidOperationException(
                $"Thread {other} is in a call on this backend, and thread {thread} called as well. One thread drives a "
                + "backend at a time. To use a network from several threads, open it with Predictor.Load.");
        }
        return Seated(thread);
    }

    /// <summary>
    /// Waits for the call of another thread, then takes the seat: for disposals, which never throw.
    /// </summary>
    public Driving Await()
    {
        int thread = Environment.CurrentManagedThreadId;
        if (_driver == thread)
        {
            return default;
        }
        SpinWait wait = default;
        while (Interlocked.CompareExchange(ref _driver, thread, 0) != 0)
        {
            wait.SpinOnce();
        }
        return Seated(thread);
    }

    /// <summary>Frees the seat.</summary>
    public void Leave()
    {
        Left?.Invoke();
        Volatile.Write(ref _driver, 0);
    }

    private Driving Seated(int thread)
    {
        if (_last != thread)
        {
            _last = thread;
            Changed?.Invoke();
        }
        Taken?.Invoke();
        return new Driving(this);
    }
}
