namespace RevUp.Backends;

/// <summary>
/// Operations that were recorded (<see cref="Backend.Record"/>) and that one call issues again. Its
/// backend closes it.
/// </summary>
internal abstract class RecordedWork : DeviceObject
{
    /// <param name="backend">The device.</param>
    protected RecordedWork(Backend backend)
        : base(backend) =>
        backend.Adopt(this);

    /// <summary>
    /// Issues all of them, in order, with the addresses and numbers that they were recorded with.
    /// </summary>
    public abstract void Replay();
}
