using RevUp.Backends;
using RevUp.Tensors;

namespace RevUp.Layers;

/// <summary>
/// y = W ∗ x, without bias: the next block's first scalar takes its place. For stems; not
/// invertible, so its input is kept. x [N, (D), H, W, I], y [N, (D'), H', W', O], float32.
/// </summary>
internal sealed class ConvolutionLayer : Layer
{
    private readonly Convolution _convolution;

    /// <param name="name">Name; the weight is "<paramref name="name"/>.weight".</param>
    /// <param name="backend">The device.</param>
    /// <param name="store">Where the weight is declared.</param>
    /// <param name="input">Shape of one sample.</param>
    /// <param name="channels">O.</param>
    /// <param name="kernel">Kernel extent k; padded by (k - 1) / 2.</param>
    /// <param name="stride">Stride.</param>
    /// <param name="tf32">Whether factors may be rounded to TF32.</param>
    public ConvolutionLayer(
        string name, Backend backend, ParameterStore store, Shape input, int channels, int kernel, int stride,
        bool tf32)
        : base(name, backend, input)
    {
        ConvolutionGeometry geometry = new(
            input, channels, kernel, stride, (kernel - 1) / 2, Groups: 1, ElementType.Float32, tf32);
        _convolution = Own(new Convolution(name, backend, store, geometry, Fixup.LinearConvolution(geometry.Weights)));
    }

    /// <inheritdoc/>
    public override Shape Output => _convolution.Sample.Output;

    /// <summary>Geometry of the convolution for one sample.</summary>
    public ConvolutionGeometry Geometry => _convolution.Sample;

    /// <inheritdoc/>
    public override void Prepare(int batch, NetworkUse use) => _convolution.Prepare(batch, use, default);

    /// <inheritdoc/>
    public override void ReleaseWeights() => _convolution.ReleaseWeights();

    /// <inheritdoc/>
    public override Tensor Forward(Tensor x, ForwardMode mode, ref SavedTensors saved)
    {
        Tensor y = _convolution.Forward(x);
        Release(x, mode);
        return y;
    }

    /// <inheritdoc/>
    public override Tensor Backward(Tensor x, Tensor gradient, bool inputGradient, ref SavedTensors saved)
    {
        _convolution.BackwardWeights(x, gradient, default, default);
        Tensor dx = inputGradient ? _convolution.BackwardData(gradient) : default;
        Memory.Free(gradient);
        return dx;
    }

    /// <inheritdoc/>
    internal override string Export(OnnxGraph graph, string x) => _convolution.Export(graph, scale: 1, x);
}
