using RevUp.Interop.Nvtx;

namespace RevUp.Backends;

/// <summary>
/// The names of the ranges that <see cref="Backend.Range"/> opens, apart from the layers' own. A
/// step contains prepare, forward, backward and optimiser. The first three contain layers; prepare
/// has power iteration before them. In backward, a layer contains inversion, which contains
/// iteration k; the layer's other time is its gradient. An evaluation is inference / layer.
/// </summary>
internal static class ProfilerRanges
{
    private const int NamedIterations = 32;

    private static readonly NvtxName[] s_iterations =
    [
        .. Enumerable.Range(1, NamedIterations - 1)
            .Select(k => new NvtxName(string.Create(CultureInfo.InvariantCulture, $"iteration {k}"))),
        new NvtxName(string.Create(CultureInfo.InvariantCulture, $"iteration {NamedIterations}+")),
    ];

    /// <summary>
    /// One batch of training: a whole optimiser update, or the forward and backward passes of one
    /// of several batches that make one.
    /// </summary>
    public static NvtxName Step { get; } = new("step");

    /// <summary>
    /// Power iteration, then the packed weights of every layer, before a step or an inference.
    /// </summary>
    public static NvtxName Prepare { get; } = new("prepare");

    /// <summary>The norms of all convolutions of a network, estimated side by side.</summary>
    public static NvtxName PowerIteration { get; } = new("power iteration");

    /// <summary>The forward pass of a step.</summary>
    public static NvtxName Forward { get; } = new("forward");

    /// <summary>The backward pass of a step.</summary>
    public static NvtxName Backward { get; } = new("backward");

    /// <summary>A layer's input rebuilt from its output.</summary>
    public static NvtxName Inversion { get; } = new("inversion");

    /// <summary>
    /// A layer's input computed forward again, because its inversion was refused; the layers run
    /// again are inside.
    /// </summary>
    public static NvtxName Replay { get; } = new("replay");

    /// <summary>Gradient norm, clipping and the update of the parameters.</summary>
    public static NvtxName Optimizer { get; } = new("optimiser");

    /// <summary>A forward pass outside training.</summary>
    public static NvtxName Inference { get; } = new("inference");

    /// <summary>
    /// Evaluation k of a branch in a fixed-point inversion, counted from 1; the 32nd and later ones
    /// share a name.
    /// </summary>
    public static NvtxName Iteration(int k) => s_iterations[Math.Min(k, NamedIterations) - 1];
}
