using RevUp.Backends;
using RevUp.Tensors;

namespace RevUp.Layers;

/// <summary>
/// logits = W · p + bias at every position, p of x by a <see cref="Preactivation"/>; x [N, (D), H,
/// W, C], logits [N, (D), H, W, classes], float32. Fixup: W starts at zero. Its input, the end of
/// the residual stream, is kept: the inversion starts from it.
/// </summary>
/// <remarks>The logits are the only tensor with an element per position and class.</remarks>
internal sealed class VoxelHead : Layer
{
    private readonly Preactivation _preactivation;
    private readonly Parameter _weight;
    private readonly Parameter _bias;

    /// <param name="name">Prefix of the parameters' names.</param>
    /// <param name="backend">The device.</param>
    /// <param name="store">Where parameters are declared.</param>
    /// <param name="input">Shape of one sample.</param>
    /// <param name="classes">Number of logits of a position.</param>
    /// <param name="activation">φ.</param>
    /// <param name="normalization">Of the network.</param>
    public VoxelHead(
        string name, Backend backend, ParameterStore store, Shape input, int classes, Activation activation,
        Normalization normalization)
        : base(name, backend, input)
    {
        _preactivation = Own(Preactivation.Create(normalization, name, 1, backend, store, input.Channels, activation));
        Shape weights = new(classes, input.Channels);
        _weight = store.Add(
            name + ".weight", weights, ParameterGroup.Weights,
            normalization == Normalization.Fixup ? Initialization.Constant(0) : Initialization.PyTorch(weights));
        _bias = store.Add(name + ".bias", new Shape(classes), ParameterGroup.Weights, Initialization.Constant(0));
        Output = input.WithChannels(classes);
    }

    /// <inheritdoc/>
    public override Shape Output { get; }

    /// <inheritdoc/>
    public override void Prepare(int batch, NetworkUse use) => _preactivation.Prepare(use);

    /// <inheritdoc/>
    public override void Repeat() => _preactivation.Repeat();

    /// <inheritdoc/>
    public override Tensor Forward(Tensor x, ForwardMode mode, ref SavedTensors saved)
    {
        if (Slab > 0 && mode != ForwardMode.Consume)
        {
            return ForwardSlabs(x);
        }
        Tensor p = mode == ForwardMode.Consume ? x : Allocate(Input, x.Shape.Batch);
        _preactivation.Forward(x, measure: true, p);
        Tensor logits = Allocate(Output, x.Shape.Batch);
        Backend.LinearForward(Rows(p), _weight.Value, _bias.Value, Rows(logits));
        Memory.Free(p);
        return logits;
    }

    /// <inheritdoc/>
    public override Tensor Backward(Tensor x, Tensor gradient, bool inputGradient, ref SavedTensors saved)
    {
        if (Slab > 0)
        {
            return BackwardSlabs(x, gradient);
        }
        Tensor p = Allocate(Input, x.Shape.Batch);
        _preactivation.Forward(x, measure: false, p);
        Tensor dx = Allocate(Input, x.Shape.Batch);
        Backend.LinearBackward(Rows(p), _weight.Value, Rows(gradient), Rows(dx), _weight.Gradient, _bias.Gradient);
        Memory.Free(p);
        Memory.Free(gradient);
        _preactivation.Backward(x, dx, default, default, dx);
        return dx;
    }

    /// <inheritdoc/>
    internal override string Export(OnnxGraph graph, string x) => graph.Pointwise(
        Name, _preactivation.Export(graph, Input.SpatialRank, x), Input.SpatialRank,
        (_weight.Name, _weight.Value), (_bias.Name, _bias.Value));

    /// <inheritdoc/>
    protected override int SlabOf(long elements)
    {
        bool isAligned = Planes.AreAligned(Input, ElementType.Float32)
            && Planes.AreAligned(Output.WithChannels(Output.Channels * Output.Extent(0)), ElementType.Float32);
        if (!_preactivation.IsLocal || !isAligned)
        {
            return 0;
        }
        // As many planes as begin where a tensor of logits may.
        int aligned = 1;
        while (!Planes.AreAligned(Output.WithChannels(Output.Channels * aligned), ElementType.Float32))
        {
            aligned *= 2;
        }
        long planes = Math.Max(1, elements / Planes.Elements(Input));
        return Planes.Slab((planes + aligned - 1) / aligned * aligned, Input);
    }

    private Tensor ForwardSlabs(Tensor x)
    {
        Tensor logits = Allocate(Output, x.Shape.Batch);
        for (int n = 0; n < x.Shape.Batch; n++)
        {
            (Planes xs, Planes results) = (Planes.Of(x, n), Planes.Of(logits, n));
            for (int first = 0; first < xs.Depth; first += Slab)
            {
                PlaneRun run = new PlaneRun(first, first + Slab).Within(xs.Depth);
                Planes p = _preactivation.Forward(xs, run, ElementType.Float32);
                Backend.LinearForward(Rows(p.Tensor), _weight.Value, _bias.Value, Rows(results[run]));
                Memory.Free(p.Tensor);
            }
        }
        return logits;
    }

    private Tensor BackwardSlabs(Tensor x, Tensor gradient)
    {
        Tensor dx = Allocate(Input, x.Shape.Batch);
        for (int n = 0; n < x.Shape.Batch; n++)
        {
            (Planes xs, Planes logits, Planes dxs) = (Planes.Of(x, n), Planes.Of(gradient, n), Planes.Of(dx, n));
            for (int first = 0; first < xs.Depth; first += Slab)
            {
                PlaneRun run = new PlaneRun(first, first + Slab).Within(xs.Depth);
                Planes p = _preactivation.Forward(xs, run, ElementType.Float32);
                Tensor dp = dxs[run];
                Backend.LinearBackward(
                    Rows(p.Tensor), _weight.Value, Rows(logits[run]), Rows(dp), _weight.Gradient, _bias.Gradient);
                Memory.Free(p.Tensor);
                _preactivation.Backward(xs[run], dp, default, default, dp);
            }
        }
        Memory.Free(gradient);
        return dx;
    }

    // [N · positions, channels]
    private static Tensor Rows(Tensor x) =>
        x.Reshape(new Shape(checked((int)(x.Count / x.Shape.Channels)), x.Shape.Channels));
}
