using RevUp.Tensors;

namespace RevUp.Layers;

/// <summary>
/// Fixup initialisation (arXiv 1901.09321, section 4): what replaces batch normalisation. L
/// residual branches of m convolutions each.
/// </summary>
internal static class Fixup
{
    /// <summary>
    /// Convolution <paramref name="index"/> of <paramref name="count"/> in a branch: N(0, 2/(O·kᵈ))
    /// · L^(−1/(2m−2)), and zero for the last.
    /// </summary>
    public static Initialization BranchConvolution(Shape weights, int index, int count, int branches) =>
        index == count - 1
        ? Initialization.Constant(0)
        : Initialization.Normal(Math.Sqrt(2.0 / FanOut(weights)) * Math.Pow(branches, -1.0 / (2 * count - 2)));

    /// <summary>
    /// A convolution outside the branches that no activation follows directly: N(0, 1/(I·kᵈ)) keeps
    /// the variance.
    /// </summary>
    public static Initialization LinearConvolution(Shape weights) =>
        Initialization.Normal(Math.Sqrt(1.0 / (weights.Count / weights[0])));

    /// <summary>
    /// A convolution outside the branches that follows an activation: N(0, 2/(I·kᵈ)) makes up for
    /// what the activation removes.
    /// </summary>
    public static Initialization ActivatedConvolution(Shape weights) =>
        Initialization.Normal(Math.Sqrt(2.0 / (weights.Count / weights[0])));

    /// <summary>
    /// A transposed convolution that is added to a skip connection, one tap to a position: N(0,
    /// 1/(2·O)), O the channels that it comes from, halves the variance. So the sum over any number
    /// of levels stays below twice the variance of one.
    /// </summary>
    public static Initialization TransposedConvolution(Shape weights) =>
        Initialization.Normal(Math.Sqrt(0.5 / weights[0]));

    private static double FanOut(Shape weights) => (double)weights.Count / weights.Channels;
}
