namespace RevUp.Diagnostics;

/// <summary>Part of a training step, by the ranges that an operation is issued in.</summary>
internal enum StepPart
{
    /// <summary>Norms of all convolutions, estimated side by side.</summary>
    PowerIteration,

    /// <summary>Weights as the convolutions take them.</summary>
    Weights,

    /// <summary>The forward pass.</summary>
    Forward,

    /// <summary>Inputs rebuilt from outputs.</summary>
    Inversion,

    /// <summary>Inputs computed again, because their inversion was refused.</summary>
    Replay,

    /// <summary>Gradients of the layers, after their inputs are there.</summary>
    Gradient,

    /// <summary>The update of the parameters.</summary>
    Optimizer,

    /// <summary>Outside of all ranges: the loss, the verdict, copies of a batch.</summary>
    Other,
}
