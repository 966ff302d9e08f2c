using RevUp.Backends;
using RevUp.Tensors;

namespace RevUp.Layers;

/// <summary>
/// y = e + Wᵀ ∗ x between a level of a U-Net's decoder and the next finer one: a transposed
/// convolution whose kernel is its stride, so that every position of y has one tap, and the skip
/// connection's e. x [N, (D'), H', W', I], y and e [N, (D), H, W, O], float32. Not invertible in x,
/// which is kept. y takes the memory of e, and <see cref="Separate"/> brings e back.
/// </summary>
/// <remarks>
/// Wᵀ ∗ x is the dgrad of a convolution from y's extents to x's: its gradients are the fprop and
/// the wgrad of that convolution.
/// </remarks>
internal sealed class TransposedTransition : Layer
{
    private readonly Convolution _convolution;
    private readonly Tensor _one;

    /// <param name="name">Prefix of the weight's name.</param>
    /// <param name="backend">The device.</param>
    /// <param name="store">Where the weight is declared.</param>
    /// <param name="input">Shape of one sample of x.</param>
    /// <param name="stride">Factors between the extents of y and x.</param>
    /// <param name="skip">The connection that ends here.</param>
    public TransposedTransition(
        string name, Backend backend, ParameterStore store, Shape input, Axes stride, Skip skip)
        : base(name, backend, input)
    {
        Skip = skip;
        ConvolutionGeometry geometry = new(
            skip.Sample, input.Channels, stride, stride, Padding: 0, Groups: 1, ElementType.Float32);
        Initialization initialization = Fixup.TransposedConvolution(geometry.Weights);
        _convolution = Own(new Convolution(name, backend, store, geometry, initialization));
        _one = Own(new Shape(1), ElementType.Float32, MemoryPurpose.Workspace);
        backend.Upload<float>([1], _one);
    }

    /// <inheritdoc/>
    public override Shape Output => Skip.Sample;

    /// <summary>
    /// Geometry for one sample of the convolution from y to x whose dgrad this is.
    /// </summary>
    public ConvolutionGeometry Geometry => _convolution.Sample;

    /// <summary>The connection that ends here.</summary>
    public Skip Skip { get; }

    /// <inheritdoc/>
    public override void Prepare(int batch, NetworkUse use) =>
        // The algorithms of prediction have no dgrad.
        _convolution.Prepare(batch, use == NetworkUse.Prediction ? NetworkUse.Evaluation : use, default);

    /// <inheritdoc/>
    public override void ReleaseWeights() => _convolution.ReleaseWeights();

    /// <inheritdoc/>
    public override Tensor Forward(Tensor x, ForwardMode mode, ref SavedTensors saved)
    {
        Tensor up = _convolution.BackwardData(x);
        Release(x, mode);
        Tensor y = Skip.Take();
        Backend.ResidualAdd(y, up, _one, y);
        Memory.Free(up);
        return y;
    }

    /// <summary>
    /// e = y − Wᵀ ∗ x in the memory of y, which is taken over, back into the connection; x stays.
    /// </summary>
    public void Separate(Tensor x, Tensor y)
    {
        Tensor up = _convolution.BackwardData(x);
        Backend.ResidualSubtract(y, up, _one, y);
        Memory.Free(up);
        Skip.Value = y;
    }

    /// <inheritdoc/>
    public override Tensor Backward(Tensor x, Tensor gradient, bool inputGradient, ref SavedTensors saved)
    {
        _convolution.BackwardWeights(gradient, x, default, default);
        Skip.Gradient = gradient;
        return _convolution.Forward(gradient);
    }

    /// <inheritdoc/>
    internal override string Export(OnnxGraph graph, string x) =>
        graph.Node("Add", Name, [_convolution.ExportTransposed(graph, x), Skip.Exported]);
}
