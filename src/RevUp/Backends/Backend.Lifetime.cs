using RevUp.Tensors;

namespace RevUp.Backends;

/// <summary>Who drives a backend, who lives on it, and its end.</summary>
public abstract partial class Backend
{
    private readonly List<DeviceObject> _residents = [];
    private bool _disposed;
    private volatile bool _released;

    /// <summary>Whether the backend was disposed, or is being disposed.</summary>
    public bool IsDisposed => Volatile.Read(ref _disposed);

    /// <summary>
    /// Closes what lives on the backend (networks, steps, readbacks, recorded work), newest first,
    /// then frees every tensor and releases the device. Harmless when repeated; never throws; waits
    /// for a call of another thread.
    /// </summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, true))
        {
            return;
        }
        using Driving driving = Memory.Seat.Await();
        while (_residents.Count > 0)
        {
            DeviceObject newest = _residents[^1];
            _residents.RemoveAt(_residents.Count - 1);
            newest.Dispose();
        }
        Memory.Close();
        _released = true;
        Quietly.Do(() => Dispose(true));
        GC.SuppressFinalize(this);
    }

    /// <summary>
    /// Makes the calling thread drive the backend until the result is disposed: for public calls.
    /// </summary>
    /// <exception cref="ObjectDisposedException">The backend was disposed.</exception>
    /// <exception cref="InvalidOperationException">Another thread drives the backend.</exception>
    internal Driving Drive()
    {
        ObjectDisposedException.ThrowIf(IsDisposed, this);
        return Memory.Seat.Take();
    }

    /// <summary>Whether the device is gone, with everything that was on it.</summary>
    internal bool IsReleased => _released;

    /// <summary>Closes <paramref name="resident"/> before the device is released.</summary>
    internal void Adopt(DeviceObject resident)
    {
        using Driving driving = Drive();
        _residents.Add(resident);
    }

    /// <summary>Forgets an object that closes; nothing for one that was never adopted.</summary>
    internal void Forget(DeviceObject resident) => _residents.Remove(resident);

    /// <summary>
    /// Throws once the device is released: for operations, of which the last ones close residents.
    /// </summary>
    /// <exception cref="ObjectDisposedException">The device was released.</exception>
    private protected void RequireDevice() => ObjectDisposedException.ThrowIf(_released, this);

    /// <summary>Disposes the plans, then whatever the device adds.</summary>
    protected virtual void Dispose(bool disposing)
    {
        foreach (ConvolutionPlan plan in _plans.Values)
        {
            (plan as IDisposable)?.Dispose();
        }
        _plans.Clear();
    }
}
