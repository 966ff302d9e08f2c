using RevUp.Backends;
using RevUp.Tensors;

namespace RevUp.Layers;

/// <summary>
/// logits = W · (mean over positions of p) + bias, p of x by a <see cref="Preactivation"/>; x [N,
/// (D), H, W, C], logits [N, classes]. Fixup: W starts at zero. Its input, the end of the residual
/// stream, is kept: the inversion starts from it.
/// </summary>
/// <remarks>
/// Without a normalisation it still has batch normalisation, as i-ResNet's (arXiv 1811.00995). The
/// head of github.com/jhjacobsen/invertible-resnet goes on with ReLU and has running averages that
/// are nine tenths the last batch; here they are φ and a tenth, as in all networks that it is
/// compared with.
/// </remarks>
internal sealed class ClassifierHead : Layer
{
    private readonly Preactivation _preactivation;
    private readonly Parameter _weight;
    private readonly Parameter _bias;

    /// <param name="name">Prefix of the parameters' names.</param>
    /// <param name="backend">The device.</param>
    /// <param name="store">Where parameters are declared.</param>
    /// <param name="input">Shape of one sample.</param>
    /// <param name="classes">Number of logits.</param>
    /// <param name="activation">φ.</param>
    /// <param name="normalization">Of the network.</param>
    public ClassifierHead(
        string name, Backend backend, ParameterStore store, Shape input, int classes, Activation activation,
        Normalization normalization)
        : base(name, backend, input)
    {
        bool fixup = normalization == Normalization.Fixup;
        Normalization before = fixup ? normalization : Normalization.BatchNorm;
        _preactivation = Own(Preactivation.Create(before, name, 1, backend, store, input.Channels, activation));
        Shape weights = new(classes, input.Channels);
        _weight = store.Add(
            name + ".weight", weights, ParameterGroup.Weights,
            fixup ? Initialization.Constant(0) : Initialization.PyTorch(weights));
        _bias = store.Add(name + ".bias", new Shape(classes), ParameterGroup.Weights, Initialization.Constant(0));
        Output = new Shape(1, classes);
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
        Tensor pooled = Pooled(x, measure: true);
        Tensor logits = Memory.Allocate(
            Output.WithBatch(x.Shape.Batch), ElementType.Float32, MemoryPurpose.Activations);
        Backend.LinearForward(pooled, _weight.Value, _bias.Value, logits);
        if (mode == ForwardMode.Store)
        {
            saved[0] = pooled;
        }
        else
        {
            Memory.Free(pooled);
        }
        Release(x, mode);
        return logits;
    }

    /// <summary>
    /// Input of the linear map, [N, C] in a new tensor: the mean over positions of p. Takes x over.
    /// </summary>
    public Tensor Features(Tensor x)
    {
        Tensor pooled = Pooled(x, measure: true);
        Memory.Free(x);
        return pooled;
    }

    /// <inheritdoc/>
    public override Tensor Backward(Tensor x, Tensor gradient, bool inputGradient, ref SavedTensors saved)
    {
        Tensor pooled = saved.IsEmpty ? Pooled(x, measure: false) : saved[0];
        Tensor dPooled = Memory.Allocate(pooled.Shape, ElementType.Float32, MemoryPurpose.Activations);
        Backend.LinearBackward(pooled, _weight.Value, gradient, dPooled, _weight.Gradient, _bias.Gradient);
        Memory.Free(pooled);
        saved = default;
        Memory.Free(gradient);
        Tensor dx = Allocate(Input, x.Shape.Batch);
        Backend.GlobalAveragePoolBackward(dPooled, dx);
        Memory.Free(dPooled);
        _preactivation.Backward(x, dx, default, default, dx);
        return dx;
    }

    /// <inheritdoc/>
    internal override string Export(OnnxGraph graph, string x)
    {
        string pooled = graph.Node("GlobalAveragePool", Name, [_preactivation.Export(graph, Input.SpatialRank, x)]);
        string flat = graph.Node("Flatten", Name, [pooled]);
        return graph.Node(
            "Gemm", Name, [flat, graph.Tensor(_weight.Name, _weight.Value), graph.Tensor(_bias.Name, _bias.Value)],
            ("transB", 1L));
    }

    private Tensor Pooled(Tensor x, bool measure)
    {
        Tensor p = Memory.Allocate(x.Shape, ElementType.Float32, MemoryPurpose.Activations);
        _preactivation.Forward(x, measure, p);
        Tensor pooled = Memory.Allocate(
            new Shape(x.Shape.Batch, x.Shape.Channels), ElementType.Float32, MemoryPurpose.Activations);
        Backend.GlobalAveragePoolForward(p, pooled);
        Memory.Free(p);
        return pooled;
    }
}
