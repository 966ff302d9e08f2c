using RevUp.Backends;
using RevUp.Tensors;

namespace RevUp.Layers;

/// <summary>
/// y = W ∗ p with a stride, p of x by a <see cref="Preactivation"/>, between two stages: the
/// projection of a pre-activation ResNet (arXiv 1603.05027, figure 4e). Not invertible, so its
/// input is kept. x [N, (D), H, W, I], y [N, (D'), H', W', O], float32. In a U-Net x begins a skip
/// connection, which takes an x that is handed over.
/// </summary>
internal sealed class StridedTransition : Layer
{
    private readonly Preactivation _preactivation;
    private readonly Convolution _convolution;

    /// <param name="name">Prefix of the parameters' names.</param>
    /// <param name="backend">The device.</param>
    /// <param name="store">Where parameters are declared.</param>
    /// <param name="input">Shape of one sample.</param>
    /// <param name="channels">O.</param>
    /// <param name="kernel">Kernel extents k; padded by (k - 1) / 2.</param>
    /// <param name="stride">Strides.</param>
    /// <param name="activation">φ.</param>
    /// <param name="normalization">Normalisation before φ.</param>
    /// <param name="skip">The connection that x begins; null for none.</param>
    public StridedTransition(
        string name, Backend backend, ParameterStore store, Shape input, int channels, Axes kernel, Axes stride,
        Activation activation, Normalization normalization, Skip? skip = null)
        : base(name, backend, input)
    {
        Skip = skip;
        _preactivation = Own(Preactivation.Create(normalization, name, 1, backend, store, input.Channels, activation));
        ConvolutionGeometry geometry = new(
            input, channels, kernel, stride, kernel.Map(k => (k - 1) / 2), Groups: 1, ElementType.Float32);
        Initialization initialization = Fixup.ActivatedConvolution(geometry.Weights);
        _convolution = Own(new Convolution(name, backend, store, geometry, initialization));
    }

    /// <inheritdoc/>
    public override Shape Output => _convolution.Sample.Output;

    /// <summary>Geometry of the convolution for one sample.</summary>
    public ConvolutionGeometry Geometry => _convolution.Sample;

    /// <summary>The connection that x begins; null for none.</summary>
    public Skip? Skip { get; }

    /// <inheritdoc/>
    public override void Prepare(int batch, NetworkUse use)
    {
        _preactivation.Prepare(use);
        _convolution.Prepare(batch, use, default);
    }

    /// <inheritdoc/>
    public override void ReleaseWeights() => _convolution.ReleaseWeights();

    /// <inheritdoc/>
    public override Tensor Forward(Tensor x, ForwardMode mode, ref SavedTensors saved)
    {
        Tensor p = Preactivate(x, measure: true);
        if (Skip is not null && mode == ForwardMode.Consume)
        {
            Skip.Value = x;
        }
        else
        {
            Release(x, mode);
        }
        Tensor y = _convolution.Forward(p);
        Memory.Free(p);
        return y;
    }

    /// <inheritdoc/>
    public override Tensor Backward(Tensor x, Tensor gradient, bool inputGradient, ref SavedTensors saved)
    {
        Tensor p = Preactivate(x, measure: false);
        _convolution.BackwardWeights(p, gradient, default, default);
        Memory.Free(p);
        Tensor dx = _convolution.BackwardData(gradient);
        Memory.Free(gradient);
        _preactivation.Backward(x, dx, default, default, dx);
        if (Skip is not null)
        {
            Backend.Axpy(default, Skip.Gradient, dx);
            Memory.Free(Skip.Gradient);
            Skip.Gradient = default;
        }
        return dx;
    }

    /// <inheritdoc/>
    internal override string Export(OnnxGraph graph, string x)
    {
        Skip?.Exported = x;
        return _convolution.Export(graph, scale: 1, _preactivation.Export(graph, Input.SpatialRank, x));
    }

    private Tensor Preactivate(Tensor x, bool measure)
    {
        Tensor p = Allocate(Input, x.Shape.Batch);
        _preactivation.Forward(x, measure, p);
        return p;
    }
}
