using RevUp.Backends;
using RevUp.Tensors;

namespace RevUp.Layers;

/// <summary>
/// logits = W · p + bias at every position, p of x by a <see cref="Preactivation"/>; x [N, (D), H,
/// W, C], logits [N, (D), H, W, classes], float32. Fixup: W starts at zero. Its input, the end of
/// the residual stream, is kept: the inversion starts from it.
/// </summary>
/// <remarks>
/// The logits are the only tensor with an element per position and class. A training pass in slabs
/// has those of a slab alone: <see cref="Loss"/> sees them in the forward pass, and the backward
/// pass computes them again.
/// </remarks>
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

    /// <summary>
    /// Loss of the passes to come. A forward pass in slabs then has no output, and its backward
    /// pass takes no gradient; passes over whole batches leave it alone.
    /// </summary>
    public ISlabLoss? Loss { private get; set; }

    /// <inheritdoc/>
    public override void Prepare(int batch, NetworkUse use) => _preactivation.Prepare(use);

    /// <inheritdoc/>
    public override void Repeat() => _preactivation.Repeat();

    /// <inheritdoc/>
    public override Tensor Forward(Tensor x, ForwardMode mode, ref SavedTensors saved)
    {
        if (Slab > 0 && mode != ForwardMode.Consume)
        {
            return Loss is null ? ForwardSlabs(x) : ForwardSlabs(x, Loss);
        }
        Tensor p = mode == ForwardMode.Consume ? x : Allocate(Input, x.Shape.Batch);
        _preactivation.Forward(x, measure: true, p);
        Tensor logits = Allocate(Output, x.Shape.Batch);
        ForwardLinear(p, logits);
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
        // As many planes as begin where a tensor of whole logits may.
        int aligned = 1;
        while (!Planes.AreAligned(Output.WithChannels(Output.Channels * aligned), ElementType.Float32))
        {
            aligned *= 2;
        }
        long planes = Math.Max(1, elements / Math.Max(Planes.Elements(Input), Planes.Elements(Output)));
        return Planes.Slab((planes + aligned - 1) / aligned * aligned, Input);
    }

    private Tensor ForwardSlabs(Tensor x)
    {
        Tensor logits = Allocate(Output, x.Shape.Batch);
        for (int i = 0; i < SlabCount(x); i++)
        {
            (int n, PlaneRun run) = SlabAt(x, i);
            Planes p = _preactivation.Forward(Planes.Of(x, n), run, ElementType.Float32);
            ForwardLinear(p.Tensor, Planes.Of(logits, n)[run]);
            Memory.Free(p.Tensor);
        }
        return logits;
    }

    private Tensor ForwardSlabs(Tensor x, ISlabLoss loss)
    {
        for (int i = 0; i < SlabCount(x); i++)
        {
            (int n, PlaneRun run) = SlabAt(x, i);
            Planes p = _preactivation.Forward(Planes.Of(x, n), run, ElementType.Float32);
            Planes logits = Logits(p);
            Memory.Free(p.Tensor);
            loss.Add(n, logits);
            Memory.Free(logits.Tensor);
        }
        return default;
    }

    private Tensor BackwardSlabs(Tensor x, Tensor gradient)
    {
        Tensor dx = Allocate(Input, x.Shape.Batch);
        for (int i = 0; i < SlabCount(x); i++)
        {
            (int n, PlaneRun run) = SlabAt(x, i);
            (Planes xs, Tensor dp) = (Planes.Of(x, n), Planes.Of(dx, n)[run]);
            Planes p = _preactivation.Forward(xs, run, ElementType.Float32);
            Tensor logits = gradient.IsEmpty ? LossGradient(n, p) : Planes.Of(gradient, n)[run];
            Backend.LinearBackward(
                Rows(p.Tensor), _weight.Value, Rows(logits), Rows(dp), _weight.Gradient, _bias.Gradient);
            if (gradient.IsEmpty)
            {
                Memory.Free(logits);
            }
            Memory.Free(p.Tensor);
            _preactivation.Backward(xs[run], dp, default, default, dp);
        }
        if (gradient.IsEmpty)
        {
            Loss!.End();
        }
        else
        {
            Memory.Free(gradient);
        }
        return dx;
    }

    // Of all samples of a batch, one sample after the other.
    private int SlabCount(Tensor x) => x.Shape.Batch * SlabsOfSample(x);

    private (int Index, PlaneRun Run) SlabAt(Tensor x, int i)
    {
        (int n, int slab) = Math.DivRem(i, SlabsOfSample(x));
        return (n, new PlaneRun(slab * Slab, (slab + 1) * Slab).Within(x.Shape.Extent(0)));
    }

    private int SlabsOfSample(Tensor x) => (x.Shape.Extent(0) + Slab - 1) / Slab;

    private Planes Logits(Planes p)
    {
        Planes logits = Planes.Allocate(Backend, Output, ElementType.Float32, p.Run);
        ForwardLinear(p.Tensor, logits.Tensor);
        return logits;
    }

    private Tensor LossGradient(int index, Planes p)
    {
        Planes logits = Logits(p);
        Loss!.Differentiate(index, logits);
        return logits.Tensor;
    }

    private void ForwardLinear(Tensor p, Tensor logits) =>
        Backend.LinearForward(Rows(p), _weight.Value, _bias.Value, Rows(logits));

    // [N · positions, channels]
    private static Tensor Rows(Tensor x) =>
        x.Reshape(new Shape(checked((int)(x.Count / x.Shape.Channels)), x.Shape.Channels));
}
