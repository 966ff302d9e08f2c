using RevUp.Interop.Nvtx;

namespace RevUp.Backends;

/// <summary>
/// The names of the ranges that <see cref="Backend.Range"/> opens, apart from the layers' own. A
/// step contains prepare, forward, backward and optimiser. The first three contain layers; prepare
/// has power iteration before them. In backward, a layer contains inversion, which contains
/// iteration k; the layer's other time is its gradient. An evaluation contains inference / layer.
/// The host's work has ranges too, beside the step's.
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

    /// <summary>A step waits until the device has its results.</summary>
    public static NvtxName Wait { get; } = new("wait for the device");

    /// <summary>A batch is copied to where the device takes it; with its bytes.</summary>
    public static NvtxName HandOver { get; } = new("hand over the batch");

    /// <summary>A run waits for the data's threads.</summary>
    public static NvtxName Data { get; } = new("wait for data");

    /// <summary>A thread of the data reads, decodes and augments samples.</summary>
    public static NvtxName Samples { get; } = new("read samples");

    /// <summary>A thread of the data ends a batch: mixup, targets.</summary>
    public static NvtxName Batch { get; } = new("end the batch");

    /// <summary>A step's line in the log, and the progress.</summary>
    public static NvtxName Log { get; } = new("log");

    /// <summary>A checkpoint is written.</summary>
    public static NvtxName Checkpoint { get; } = new("checkpoint");

    /// <summary>The network is evaluated on a part of the data.</summary>
    public static NvtxName Evaluation { get; } = new("evaluation");

    /// <summary>A forward pass outside training.</summary>
    public static NvtxName Inference { get; } = new("inference");

    /// <summary>
    /// Evaluation k of a branch in a fixed-point inversion, counted from 1; the 32nd and later ones
    /// share a name.
    /// </summary>
    public static NvtxName Iteration(int k) => s_iterations[Math.Min(k, NamedIterations) - 1];
}
