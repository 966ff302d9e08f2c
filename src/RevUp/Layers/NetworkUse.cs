namespace RevUp.Layers;

/// <summary>The passes that follow a preparation of the layers.</summary>
internal enum NetworkUse
{
    /// <summary>A training step: forward, inversion, backward.</summary>
    Training,

    /// <summary>
    /// Forward passes with running statistics, by the algorithms of training; weights are packed
    /// for each pass.
    /// </summary>
    Evaluation,

    /// <summary>
    /// Forward passes alone, by the fastest algorithms for weights that stay packed between passes.
    /// </summary>
    Prediction,
}
