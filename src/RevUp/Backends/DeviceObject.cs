using RevUp.Tensors;

namespace RevUp.Backends;

/// <summary>
/// An object with memory on a backend. <see cref="Dispose"/> closes it; every later call but <see
/// cref="Dispose"/> throws <see cref="ObjectDisposedException"/>.
/// </summary>
/// <remarks>
/// Closing disposes the parts of <see cref="Own{T}(T)"/>, newest first, then frees the tensors of
/// <see cref="Own(Shape, ElementType, MemoryPurpose)"/>. Closing waits for a call of another
/// thread. It never throws, so it cannot hide the exception that led to it.
/// </remarks>
public abstract class DeviceObject : IDisposable
{
    private readonly Backend _backend;
    private readonly List<Tensor> _tensors = [];
    private readonly List<IDisposable> _parts = [];
    private bool _disposed;

    /// <summary>
    /// An object on <paramref name="backend"/>, which closes it when it is disposed first.
    /// </summary>
    /// <exception cref="ArgumentNullException"><paramref name="backend"/> is null.</exception>
    /// <exception cref="ObjectDisposedException">
    /// <paramref name="backend"/> was disposed.
    /// </exception>
    protected DeviceObject(Backend backend)
    {
        ArgumentNullException.ThrowIfNull(backend);
        ObjectDisposedException.ThrowIf(backend.IsDisposed, backend);
        _backend = backend;
    }

    /// <summary>Whether the object was closed.</summary>
    public bool IsDisposed => Volatile.Read(ref _disposed);

    /// <summary>The device of an open object: every use of it checks.</summary>
    /// <exception cref="ObjectDisposedException">The object was disposed.</exception>
    protected Backend Backend
    {
        get
        {
            RequireOpen();
            return _backend;
        }
    }

    /// <summary>The device's memory.</summary>
    /// <inheritdoc cref="Backend"/>
    protected Arena Memory => Backend.Memory;

    /// <summary>Closes the object. Harmless when repeated.</summary>
    public void Dispose()
    {
        // Marked first, so that a call in progress on another thread ends at its next check.
        if (Interlocked.Exchange(ref _disposed, true))
        {
            return;
        }
        using Driving driving = _backend.Memory.Seat.Await();
        _backend.Forget(this);
        if (!_backend.IsReleased)
        {
            Quietly.Do(() => Close(_backend.Memory));
        }
        for (int i = _parts.Count - 1; i >= 0; i--)
        {
            Quietly.Do(_parts[i].Dispose);
        }
        _tensors.ForEach(tensor => _backend.Memory.TryFree(tensor));
        GC.SuppressFinalize(this);
    }

    /// <summary>
    /// Makes the calling thread drive the backend until the result is disposed: for public calls.
    /// </summary>
    /// <exception cref="ObjectDisposedException">
    /// The object or its backend was disposed.
    /// </exception>
    /// <exception cref="InvalidOperationException">Another thread drives the backend.</exception>
    internal Driving Drive() => Backend.Drive();

    /// <summary>Throws once the object is closed.</summary>
    /// <exception cref="ObjectDisposedException">The object was disposed.</exception>
    internal void RequireOpen() => ObjectDisposedException.ThrowIf(IsDisposed, this);

    /// <summary>A new tensor, which is freed with this object.</summary>
    /// <exception cref="ArenaExhaustedException">No memory for it.</exception>
    protected Tensor Own(Shape shape, ElementType type, MemoryPurpose purpose)
    {
        Tensor tensor = Memory.Allocate(shape, type, purpose);
        _tensors.Add(tensor);
        return tensor;
    }

    /// <summary>Disposes <paramref name="part"/> with this object.</summary>
    protected T Own<T>(T part) where T : IDisposable
    {
        _parts.Add(part);
        return part;
    }

    /// <summary>
    /// Gives back what is not owned for the object's whole life; nothing by default.
    /// </summary>
    protected virtual void Close(Arena memory)
    {
    }
}
