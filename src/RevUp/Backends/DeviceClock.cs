namespace RevUp.Backends;

/// <summary>
/// Marks between the operations of a device, and the times at which it reached them. Whoever
/// creates a clock disposes it before the backend.
/// </summary>
internal abstract class DeviceClock : IDisposable
{
    /// <summary>Marks since the last <see cref="Read"/>.</summary>
    public abstract int Count { get; }

    /// <summary>Puts a mark behind everything issued so far.</summary>
    public abstract void Mark();

    /// <summary>
    /// Waits for the last mark and appends the milliseconds from each mark to the next, one fewer
    /// than there are marks; then forgets the marks.
    /// </summary>
    public abstract void Read(List<double> milliseconds);

    public abstract void Dispose();
}
