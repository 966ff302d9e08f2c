namespace RevUp.Tests.Lifetimes;

/// <summary>States of an object in which its calls are tried.</summary>
public enum LifetimeState
{
    /// <summary>Nothing was called yet.</summary>
    Fresh,

    /// <summary>A step and a prediction are done.</summary>
    Used,

    /// <summary>
    /// A step was started and not finished; a readback was marked, an engine is between its passes.
    /// </summary>
    InFlight,

    /// <summary>The object itself was disposed.</summary>
    Disposed,

    /// <summary>The network was disposed.</summary>
    NetworkDisposed,

    /// <summary>The backend was disposed.</summary>
    BackendDisposed,
}
