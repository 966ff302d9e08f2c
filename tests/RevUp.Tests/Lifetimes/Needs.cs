namespace RevUp.Tests.Lifetimes;

/// <summary>Objects that a call works with, besides its own.</summary>
internal enum Needs
{
    /// <summary>Memory of the host alone.</summary>
    Nothing,

    /// <summary>The backend.</summary>
    Backend,

    /// <summary>The network, and so the backend.</summary>
    Network,
}
