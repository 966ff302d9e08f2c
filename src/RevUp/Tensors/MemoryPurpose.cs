namespace RevUp.Tensors;

/// <summary>Purpose of a piece of backend memory; each is counted apart.</summary>
public enum MemoryPurpose
{
    /// <summary>Weights, Fixup scalars and biases.</summary>
    Parameters,

    /// <summary>One gradient per parameter.</summary>
    Gradients,

    /// <summary>Momentum or moments, and the power-iteration vectors.</summary>
    Optimizer,

    /// <summary>
    /// The residual stream, what layers keep for the backward pass, and their gradients: what
    /// reversibility makes constant in depth.
    /// </summary>
    Activations,

    /// <summary>Packed weights and the scratch of convolutions.</summary>
    Workspace,
}
