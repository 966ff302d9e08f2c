using RevUp.Backends;
using RevUp.Tensors;

namespace RevUp.Layers;

/// <summary>
/// A convolution without bias: its weights, packed while they are in use, and its three passes. 2-D
/// and 3-D are the same code.
/// </summary>
public sealed partial class Convolution : DeviceObject
{
    private readonly ConvolutionGeometry _sample;
    private readonly PackedWeights _packed;
    private ConvolutionGeometry _geometry; // of the batch; with no input before Prepare
    private ConvolutionPlan? _plan; // its plan, once a pass needs it: slabs do not
    private SlabConvolution? _slabs;
    private SlabConvolution? _approximateSlabs; // in another type
    private Tensor _scale;
    private Tensor _copy; // scaled weights, made together with the copies of other convolutions

    /// <param name="name">
    /// Name of the convolution; its weight is "<paramref name="name"/>.weight".
    /// </param>
    /// <param name="backend">The device.</param>
    /// <param name="store">Where the weight is declared.</param>
    /// <param name="sample">Geometry for one sample.</param>
    /// <param name="initialization">Distribution of the initial weights.</param>
    internal Convolution(
        string name, Backend backend, ParameterStore store, ConvolutionGeometry sample, Initialization initialization)
        : base(backend)
    {
        ArgumentNullException.ThrowIfNull(store);
        (_sample, Name) = (sample, name);
        _packed = new PackedWeights(backend.Memory);
        Weight = store.Add(name + ".weight", sample.Weights, ParameterGroup.Weights, initialization);
        store.Copies.Add(this);
    }

    /// <summary>The name that the weight begins with.</summary>
    internal string Name { get; }

    /// <summary>Weights [O, (kD), kH, kW, I / groups].</summary>
    public Parameter Weight { get; }

    /// <summary>Geometry for one sample.</summary>
    internal ConvolutionGeometry Sample => _sample;

    /// <summary>Factor of the weights as they are prepared, a scalar; empty for 1.</summary>
    internal Tensor Scale => _scale;

    /// <summary>
    /// Planes that an odd kernel of stride 1 reaches on either side of a plane.
    /// </summary>
    internal int Reach => _sample.Kernel[0] / 2;

    /// <summary>
    /// Prepares passes over a batch of <paramref name="batch"/> samples with scale · weights;
    /// neither may change until the next call. <paramref name="scale"/> may be empty for 1. The
    /// first pass packs the weights.
    /// </summary>
    internal void Prepare(int batch, NetworkUse use, Tensor scale)
    {
        RequireOpen();
        ReleaseWeights();
        ConvolutionGeometry geometry = _sample with
        {
            Input = _sample.Input.WithBatch(batch),
            IsForwardAlone = use == NetworkUse.Prediction,
        };
        if (_geometry != geometry)
        {
            (_geometry, _plan) = (geometry, null);
        }
        _scale = scale;
    }

    /// <inheritdoc cref="Layer.ReleaseWeights"/>
    internal void ReleaseWeights()
    {
        _packed.Free();
        _slabs?.Release();
        _approximateSlabs?.Release();
    }

    /// <summary>
    /// The passes with the prepared weights, over <paramref name="planes"/> planes of one sample's
    /// output at a time.
    /// </summary>
    internal SlabConvolution Slabs(int planes) => Slabs(ref _slabs, planes, _sample.Type);

    /// <summary>
    /// The same in <paramref name="type"/>, whatever the type of the prepared weights. With another
    /// type there is fprop alone, and the caller releases its weights behind it.
    /// </summary>
    internal SlabConvolution Slabs(int planes, ElementType type) =>
        type == _sample.Type ? Slabs(planes) : Slabs(ref _approximateSlabs, planes, type);

    /// <summary>fprop into a new tensor; x stays.</summary>
    public Tensor Forward(Tensor x)
    {
        ConvolutionPlan plan = PlanFor(x);
        Tensor packed = PackedFor(plan);
        Tensor y = Backend.Memory.Allocate(plan.Geometry.Output, _sample.Type, MemoryPurpose.Activations);
        plan.Forward(x, packed, y);
        return y;
    }

    /// <summary>
    /// fprop in the type of x, whatever the type of the prepared weights: scale · weights, with
    /// <paramref name="scale"/> a scalar or empty for 1, are packed for this call alone. Into a new
    /// tensor of x's type; x stays.
    /// </summary>
    internal Tensor ForwardOnce(Tensor x, Tensor scale)
    {
        Arena memory = Backend.Memory;
        ConvolutionPlan plan = Backend.Convolution(_sample with { Input = x.Shape, Type = x.Type });
        Tensor packed = memory.AllocateBytes(plan.PackedBytes, MemoryPurpose.Workspace);
        plan.Pack(Weight.Value, scale, packed);
        Tensor y = memory.Allocate(plan.Geometry.Output, x.Type, MemoryPurpose.Activations);
        plan.Forward(x, packed, y);
        memory.Free(packed);
        return y;
    }

    /// <summary>dgrad into a new tensor; dy stays.</summary>
    internal Tensor BackwardData(Tensor dy)
    {
        ConvolutionPlan plan = PlanFor(dy);
        Tensor packed = PackedFor(plan);
        Tensor dx = Backend.Memory.Allocate(plan.Geometry.Input, _sample.Type, MemoryPurpose.Activations);
        plan.BackwardData(dy, packed, dx);
        return dx;
    }

    /// <summary>
    /// Adds wgrad(x, dy) to the weight's gradient, and returns dgrad(dy) in a new tensor. x and dy
    /// stay.
    /// </summary>
    public Tensor Backward(Tensor x, Tensor dy)
    {
        BackwardWeights(x, dy, factor: default, dot: default);
        return BackwardData(dy);
    }

    /// <summary>
    /// Adds factor · wgrad(x, dy) to the weight's gradient and, unless <paramref name="dot"/> is
    /// empty, writes ⟨wgrad(x, dy), W⟩ there. <paramref name="factor"/> is a scalar, or empty for
    /// 1.
    /// </summary>
    internal void BackwardWeights(Tensor x, Tensor dy, Tensor factor, Tensor dot)
    {
        Tensor gradient = Backend.Memory.Allocate(Weight.Shape, ElementType.Float32, MemoryPurpose.Workspace);
        PlanFor(x).BackwardWeights(x, dy, gradient);
        EndWeights(gradient, factor, dot);
    }

    /// <summary>
    /// Writes wgrad(x, dy) to <paramref name="raw"/>, float32 or
    /// <see cref="Backend.GradientType"/>; the caller ends it.
    /// </summary>
    internal void BackwardWeightsInto(Tensor raw, Tensor x, Tensor dy) => PlanFor(x).BackwardWeights(x, dy, raw);

    /// <summary>
    /// Adds factor · <paramref name="gradient"/> to the weight's gradient and, unless
    /// <paramref name="dot"/> is empty, writes ⟨gradient, W⟩ there. Frees the gradient.
    /// </summary>
    internal void EndWeights(Tensor gradient, Tensor factor, Tensor dot)
    {
        Backend.EndWeights(new WeightGradient(gradient, Weight.Value, factor, Weight.Gradient, dot));
        Backend.Memory.Free(gradient);
    }

    /// <summary>Adds <paramref name="scale"/> · W ∗ x to a graph.</summary>
    internal string Export(OnnxGraph graph, float scale, string x) =>
        graph.Convolution(Weight.Name, _sample, Weight.Value, scale, x);

    /// <summary>Adds Wᵀ ∗ x, the dgrad, to a graph.</summary>
    internal string ExportTransposed(OnnxGraph graph, string x) =>
        graph.TransposedConvolution(Weight.Name, _sample, Weight.Value, x);

    /// <summary>
    /// Takes a copy of scale · weights, in the geometry's type and laid out like the weights, that
    /// is made again whenever they are prepared.
    /// </summary>
    internal void TakeCopy(Tensor copy) => _copy = copy;

    /// <inheritdoc/>
    protected override void Close(Arena memory) => ReleaseWeights();

    private Tensor PackedFor(ConvolutionPlan plan) => !_copy.IsEmpty && plan.TakesCopies
        ? _copy
        : _packed.PackOnce(plan, Weight.Value, _scale);

    private SlabConvolution Slabs(ref SlabConvolution? slabs, int planes, ElementType type)
    {
        RequireOpen();
        if (slabs?.Planes != planes || slabs.IsForwardAlone != _geometry.IsForwardAlone)
        {
            slabs?.Release();
            slabs = new SlabConvolution(Backend, this, planes, type, _geometry.IsForwardAlone);
        }
        slabs.Scale = _scale;
        return slabs;
    }

    private ConvolutionPlan PlanFor(Tensor x)
    {
        RequireOpen();
        int batch = _geometry.Input.Rank == 0 ? 0 : _geometry.Input.Batch;
        return batch == x.Shape.Batch
            ? _plan ??= Backend.Convolution(_geometry)
            : throw new InvalidOperationException(
                $"The convolution '{Weight.Name}' is prepared for a batch of {batch}, not {x.Shape.Batch}; call "
                + "Prepare first.");
    }
}
