namespace TorchSharpPeer;

/// <summary>A training step of one of the peer's networks, on a batch of its own.</summary>
internal interface IPeerStep : IDisposable
{
    /// <summary>Trainable numbers.</summary>
    long Parameters { get; }

    /// <summary>One update.</summary>
    /// <returns>The loss.</returns>
    float Run();
}
