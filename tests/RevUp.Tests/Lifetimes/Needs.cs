namespace RevUp.Tests.Lifetimes;

/// <summary>What a call of an object works with besides the object.</summary>
internal enum Needs
{
    /// <summary>Memory of the host alone.</summary>
    Nothing,

    /// <summary>The backend.</summary>
    Backend,

    /// <summary>The network, and so the backend.</summary>
    Network,
}
