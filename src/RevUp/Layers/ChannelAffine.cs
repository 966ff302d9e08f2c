using RevUp.Backends;
using RevUp.Tensors;

namespace RevUp.Layers;

/// <summary>
/// y = a·x + b with a trained scale a = 2^tanh(t) and a trained shift b for every channel; t and b
/// start at 0, y at x. x and y [N, (D), H, W, C], float32. It changes the range of the residual
/// stream, which the Lipschitz bound of a branch does not see, and needs no statistics of a batch:
/// actnorm (Glow, arXiv 1807.03039, section 3.1) with a bounded scale, without its initialisation
/// by data. Keeps nothing.
/// </summary>
/// <remarks>
/// a lies between ½ and 2, so that the inverse x = (y − b) / a exists whatever is trained; in
/// float32 it misses x by at most 6·2⁻²⁴·(|x| + |b| / a). Parameters "<c>name</c>.scale", which is
/// t, and "<c>name</c>.shift", trained at the rate of Fixup's scalars: their gradients too are sums
/// over all positions.
/// </remarks>
internal sealed class ChannelAffine : Layer
{
    private readonly Parameter _scale;
    private readonly Parameter _shift;
    private readonly Tensor _factor;
    private readonly Tensor _inverseFactor;
    private readonly Tensor _inverseShift;
    private readonly Tensor _factorGradient;

    /// <param name="name">Prefix of the parameters' names.</param>
    /// <param name="backend">The device.</param>
    /// <param name="store">Where parameters are declared.</param>
    /// <param name="input">Shape of one sample.</param>
    public ChannelAffine(string name, Backend backend, ParameterStore store, Shape input)
        : base(name, backend, input)
    {
        Shape channels = new(input.Channels);
        _scale = store.Add(name + ".scale", channels, ParameterGroup.Scalars, Initialization.Constant(0));
        _shift = store.Add(name + ".shift", channels, ParameterGroup.Scalars, Initialization.Constant(0));
        _factor = Own(channels, ElementType.Float32, MemoryPurpose.Workspace);
        _inverseFactor = Own(channels, ElementType.Float32, MemoryPurpose.Workspace);
        _inverseShift = Own(channels, ElementType.Float32, MemoryPurpose.Workspace);
        _factorGradient = Own(channels, ElementType.Float32, MemoryPurpose.Workspace);
    }

    /// <inheritdoc/>
    public override Shape Output => Input;

    /// <inheritdoc/>
    public override bool IsInvertible => true;

    /// <inheritdoc/>
    public override void Prepare(int batch, NetworkUse use) =>
        Backend.AffineFactorsForward(_scale.Value, _shift.Value, _factor, _inverseFactor, _inverseShift);

    /// <inheritdoc/>
    public override Tensor Forward(Tensor x, ForwardMode mode, ref SavedTensors saved)
    {
        Tensor y = mode == ForwardMode.Consume ? x : Allocate(Output, x.Shape.Batch);
        Backend.ChannelAffineForward(Activation.Identity, x, _factor, _shift.Value, y);
        return y;
    }

    /// <inheritdoc/>
    public override Tensor Backward(Tensor x, Tensor gradient, bool inputGradient, ref SavedTensors saved)
    {
        Backend.Fill(_factorGradient, 0);
        Backend.ChannelAffineBackward(
            Activation.Identity, x, _factor, _shift.Value, gradient, default, default, gradient, _factorGradient,
            _shift.Gradient);
        Backend.AffineFactorsBackward(_scale.Value, _factorGradient, _scale.Gradient);
        return gradient;
    }

    /// <inheritdoc/>
    public override Tensor Inverse(Tensor y, ref SavedTensors saved, out Tensor point)
    {
        Backend.ChannelAffineForward(Activation.Identity, y, _inverseFactor, _inverseShift, y);
        return point = y;
    }

    /// <inheritdoc/>
    internal override string Export(OnnxGraph graph, string x)
    {
        string scaled = graph.Node("Mul", Name, [x, graph.PerChannel(_scale.Name, _factor, Input.SpatialRank)]);
        return graph.Node("Add", Name, [scaled, graph.PerChannel(_shift.Name, _shift.Value, Input.SpatialRank)]);
    }
}
