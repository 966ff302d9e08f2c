namespace RevUp.Layers;

/// <summary>Which settings of the optimiser apply to a parameter.</summary>
internal enum ParameterGroup
{
    /// <summary>
    /// Convolution and classifier weights: the full learning rate and weight decay.
    /// </summary>
    Weights = 0,

    /// <summary>
    /// Fixup's scalar biases and multipliers, and scales and shifts of channels outside the
    /// branches: a fraction of the learning rate (their gradients sum over all pixels), no decay by
    /// default.
    /// </summary>
    Scalars = 1,
}
