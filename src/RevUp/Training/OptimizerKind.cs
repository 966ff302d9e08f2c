namespace RevUp.Training;

/// <summary>The update rule.</summary>
public enum OptimizerKind
{
    /// <summary>Stochastic gradient descent with momentum.</summary>
    Sgd,

    /// <summary>Adam with decoupled weight decay (arXiv 1711.05101).</summary>
    AdamW,

    /// <summary>
    /// Steps of one length for every weight matrix but the head's: the momentum's nearest
    /// orthogonal matrix (Muon, Jordan 2024). The matrix moves by the learning rate in its spectral
    /// norm, and decays decoupled; the head, vectors and scalars move by SGD at the same rate.
    /// </summary>
    Muon,
}
