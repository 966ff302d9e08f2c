namespace RevUp.Training;

/// <summary>The update rule.</summary>
public enum OptimizerKind
{
    /// <summary>Stochastic gradient descent with momentum.</summary>
    Sgd,

    /// <summary>Adam with decoupled weight decay (arXiv 1711.05101).</summary>
    AdamW,
}
