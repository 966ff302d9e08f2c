using RevUp.Layers;
using RevUp.Tensors;

namespace RevUp.Reversible;

/// <summary>
/// A residual branch F(x) = ŝ·z(x) as blocks and solvers see it: RevUp's own, or one that a program
/// brings.
/// </summary>
internal interface IBranch : IDisposable
{
    /// <summary>ŝ, the multiplier of <see cref="Evaluate"/>'s result.</summary>
    Tensor Multiplier { get; }

    /// <summary>The convolutions, in order.</summary>
    IReadOnlyList<Convolution> Convolutions { get; }

    /// <summary>
    /// The bound that the control keeps F under, whatever its weights; infinity without control.
    /// </summary>
    double LipschitzLimit { get; }

    /// <summary>
    /// Norms of the convolutions under control, with the place of each σ; there once the store is
    /// built.
    /// </summary>
    IEnumerable<(SpectralNorm Norm, Tensor Sigma)> Norms { get; }

    /// <summary>
    /// Computes the factors from the norms as they are; they and the weights stay fixed until the
    /// next call.
    /// </summary>
    void Prepare(int batch, NetworkUse use);

    /// <inheritdoc cref="Layer.ReleaseWeights"/>
    void ReleaseWeights();

    /// <summary>
    /// z(x) in a new tensor; intermediates into <paramref name="saved"/> when
    /// <paramref name="save"/> is set. x stays.
    /// </summary>
    Tensor Evaluate(Tensor x, bool save, ref SavedTensors saved, bool measure = false);

    /// <summary>
    /// z(x) in a new tensor, as cheaply as the branch can. Nothing is saved; x stays.
    /// </summary>
    Tensor Approximate(Tensor x);

    /// <summary>Fills <paramref name="saved"/> from x.</summary>
    void Recompute(Tensor x, ref SavedTensors saved);

    /// <summary>
    /// Adds the gradient of x for <paramref name="gradient"/>, the gradient of F(x), to
    /// <paramref name="residual"/>, in its memory, and returns it. Takes <paramref name="saved"/>
    /// over; x stays. <paramref name="below"/> differentiates next.
    /// </summary>
    Tensor Backward(
        Tensor x, Tensor gradient, Tensor residual, ref SavedTensors saved, Neighbour below = default);

    /// <summary>
    /// Evaluates samples slab by slab; null where F is not local, or a plane begins where no tensor
    /// may.
    /// </summary>
    SlabEvaluation? Slabs { get; }

    /// <summary>
    /// <see cref="Approximate"/> slab by slab; null where the device or the planes have none.
    /// </summary>
    SlabEvaluation? ApproximateSlabs { get; }

    /// <summary>
    /// <see cref="Backward(Tensor, Tensor, Tensor, ref SavedTensors, Neighbour)"/> slab by slab,
    /// with nothing saved: slabs of <paramref name="slab"/> planes.
    /// </summary>
    Tensor Backward(Tensor x, Tensor gradient, Tensor residual, int slab);

    /// <summary>Copies σ of each convolution as last estimated.</summary>
    void ReadSigmas(Span<float> sigmas);

    /// <summary>
    /// The bound of F as it is computed now, when its convolutions have these norms.
    /// </summary>
    double LipschitzBound(ReadOnlySpan<float> sigmas);

    /// <summary>
    /// The bound of F with the norms as last estimated; infinity without control.
    /// </summary>
    double LipschitzBound();

    /// <summary>Adds F as it is prepared to a graph.</summary>
    string Export(OnnxGraph graph, string x);
}
