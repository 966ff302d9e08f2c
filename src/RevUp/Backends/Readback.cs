using RevUp.Tensors;

namespace RevUp.Backends;

/// <summary>
/// Results on their way to the host: copies in the order of the work, and one wait for all of them
/// where their numbers are needed. Its backend closes it.
/// </summary>
internal abstract class Readback : DeviceObject
{
    /// <param name="backend">The device.</param>
    /// <param name="count">float64 numbers that it has room for.</param>
    protected Readback(Backend backend, int count)
        : base(backend)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(count);
        Count = count;
        backend.Adopt(this);
    }

    /// <summary>float64 numbers that it has room for.</summary>
    public int Count { get; }

    /// <summary>
    /// Copies all of a float64 tensor to number <paramref name="offset"/> on, after the work issued
    /// so far; may be recorded.
    /// </summary>
    public abstract void Copy(Tensor source, int offset);

    /// <summary>Marks what <see cref="Wait"/> waits for: everything issued so far.</summary>
    public abstract void Mark();

    /// <summary>Whether the mark was reached, without waiting.</summary>
    public abstract bool IsThere { get; }

    /// <summary>Waits for the mark and returns all numbers, valid until the next copy.</summary>
    public abstract ReadOnlySpan<double> Wait();
}
