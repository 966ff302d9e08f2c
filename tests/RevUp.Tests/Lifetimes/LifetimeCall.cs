namespace RevUp.Tests.Lifetimes;

/// <summary>A public call of one object.</summary>
/// <param name="Owner">Type of the object.</param>
/// <param name="Name">Name of the call.</param>
/// <param name="Needs">
/// Objects that must live for the call to work, besides the object itself.
/// </param>
/// <param name="Target">The object, which its own Dispose closes.</param>
/// <param name="Act">The call.</param>
internal sealed record LifetimeCall(
    string Owner, string Name, Needs Needs, Func<LifetimeScene, IDisposable> Target, Action<LifetimeScene> Act)
{
    /// <summary>Whether the call must throw <see cref="ObjectDisposedException"/>.</summary>
    public bool IsClosedIn(LifetimeState state) => state switch
    {
        LifetimeState.Disposed => true,
        LifetimeState.NetworkDisposed => Needs == Needs.Network,
        LifetimeState.BackendDisposed => Needs != Needs.Nothing,
        _ => false,
    };
}
