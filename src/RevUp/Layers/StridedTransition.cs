using RevUp.Backends;
using RevUp.Tensors;

namespace RevUp.Layers;

/// <summary>
/// y = W ∗ (φ(x + a) + b) with stride 2, between two stages: the projection of a pre-activation ResNet (arXiv 1603.05027, figure 4e) with Fixup's scalars for
/// its normalisation. Not invertible, so its input is kept. x [N, (D), H, W, I], y [N, (D'), H', W', O], float32.
/// </summary>
public sealed class StridedTransition : Layer
{
    private readonly Activation _activation;
    private readonly Parameter _before;
    private readonly Parameter _after;
    private readonly Convolution _convolution;

    /// <param name="name">Prefix of the parameters' names.</param>
    /// <param name="backend">The device.</param>
    /// <param name="store">Where parameters are declared.</param>
    /// <param name="input">Shape of one sample.</param>
    /// <param name="channels">O.</param>
    /// <param name="kernel">Kernel extent k; padded by (k - 1) / 2.</param>
    /// <param name="activation">φ.</param>
    public StridedTransition(string name, Backend backend, ParameterStore store, Shape input, int channels, int kernel, Activation activation)
        : base(name, backend, input)
    {
        _activation = activation;
        _before = store.Add(name + ".bias1a", new Shape(1), ParameterGroup.Scalars, Initialization.Constant(0));
        _after = store.Add(name + ".bias1b", new Shape(1), ParameterGroup.Scalars, Initialization.Constant(0));
        ConvolutionGeometry geometry = new(input, channels, kernel, Stride: 2, (kernel - 1) / 2, Groups: 1, ElementType.Float32);
        _convolution = new Convolution(name, backend, store, geometry, Fixup.ActivatedConvolution(geometry.Weights));
    }

    /// <inheritdoc/>
    public override Shape Output => _convolution.Sample.Output;

    /// <inheritdoc/>
    public override void Prepare(int batch) => _convolution.Prepare(batch, default);

    /// <inheritdoc/>
    public override Tensor Forward(Tensor x, ForwardMode mode, ref SavedTensors saved)
    {
        Tensor p = Preactivation(x);
        Release(x, mode);
        Tensor y = _convolution.Forward(p);
        Memory.Free(p);
        return y;
    }

    /// <inheritdoc/>
    public override Tensor Backward(Tensor x, Tensor gradient, bool inputGradient, ref SavedTensors saved)
    {
        Tensor p = Preactivation(x);
        _convolution.BackwardWeights(p, gradient, default, default);
        Memory.Free(p);
        Tensor dx = _convolution.BackwardData(gradient);
        Memory.Free(gradient);
        Backend.PreactivationBackward(_activation, x, _before.Value, dx, default, default, dx, _before.Gradient, _after.Gradient);
        return dx;
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        _convolution.Dispose();
        base.Dispose();
    }

    private Tensor Preactivation(Tensor x)
    {
        Tensor p = Allocate(Input, x.Shape.Batch);
        Backend.PreactivationForward(_activation, x, _before.Value, _after.Value, p);
        return p;
    }
}
