namespace RevUp.Layers;

/// <summary>
/// Method that keeps the activations of a deep network in range; it stands before every activation
/// function.
/// </summary>
public enum Normalization
{
    /// <summary>
    /// Nothing at run time: Fixup initialisation (arXiv 1901.09321), scalar biases around every
    /// activation, a multiplier for every branch.
    /// </summary>
    Fixup,

    /// <summary>
    /// Batch normalisation (arXiv 1502.03167) before every activation, as in the pre-activation
    /// ResNet (arXiv 1603.05027).
    /// </summary>
    BatchNorm,

    /// <summary>
    /// Nothing in the branches but a bias per channel, and weights drawn as PyTorch draws them by
    /// default; batch normalisation before the classifier (i-ResNet, arXiv 1811.00995).
    /// </summary>
    None,

    /// <summary>
    /// Instance normalisation (arXiv 1607.08022) before every activation, in U-Nets alone: the
    /// statistics of one sample over all its positions, also in evaluation.
    /// </summary>
    InstanceNorm,
}
