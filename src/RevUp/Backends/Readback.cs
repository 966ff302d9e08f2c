using RevUp.Tensors;

namespace RevUp.Backends;

/// <summary>
/// Results on their way to the host: copies in the order of the work, and one wait for all of them where their numbers are needed. Belongs to its backend and
/// is disposed before it.
/// </summary>
/// <param name="count">float64 numbers that it has room for.</param>
public abstract class Readback(int count) : IDisposable
{
    /// <summary>float64 numbers that it has room for.</summary>
    public int Count { get; } = count;

    /// <summary>Copies all of a float64 tensor to number <paramref name="offset"/> on, after the work issued so far; may be recorded.</summary>
    public abstract void Copy(Tensor source, int offset);

    /// <summary>Marks what <see cref="Wait"/> waits for: everything issued so far.</summary>
    public abstract void Mark();

    /// <summary>Waits for the mark and returns all numbers, valid until the next copy.</summary>
    public abstract ReadOnlySpan<double> Wait();

    /// <summary>Gives the memory back.</summary>
    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Gives the memory back.</summary>
    protected abstract void Dispose(bool disposing);
}
