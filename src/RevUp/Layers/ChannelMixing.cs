using RevUp.Backends;
using RevUp.Tensors;

namespace RevUp.Layers;

/// <summary>
/// y = W·x at every position, W [C, C] orthogonal: an invertible 1×1 convolution (Glow, arXiv
/// 1807.03039, section 3.2) whose condition number is 1 whatever is trained. x and y [N, (D), H, W,
/// C], float32. Keeps nothing: the inverse is Wᵀ·y, and the gradient of x is Wᵀ·dy.
/// </summary>
/// <remarks>
/// W is a product of rotations, <see cref="ChannelRotations"/>, by the trained angles
/// "<c>name</c>.angles", which start at 0, W at the identity; they reach C/2·log₂ C of the C·(C −
/// 1)/2 dimensions of all rotations. A product of reflections would be the identity only in equal
/// pairs, and a matrix exponential orthogonal only as far as its series goes. Here WᵀW is the
/// identity but for rounding, and the factors of the convolution are never rounded to TF32.
/// </remarks>
internal sealed class ChannelMixing : Layer
{
    private readonly Parameter _angles;
    private readonly ConvolutionGeometry _sample;
    private readonly Tensor _matrix;
    private readonly PackedWeights _packed;
    private ConvolutionPlan? _plan;

    /// <param name="name">Prefix of the parameter's name.</param>
    /// <param name="backend">The device.</param>
    /// <param name="store">Where the parameter is declared.</param>
    /// <param name="input">Shape of one sample.</param>
    /// <exception cref="ConfigurationException">
    /// There is one channel, and nothing to mix.
    /// </exception>
    public ChannelMixing(string name, Backend backend, ParameterStore store, Shape input)
        : base(name, backend, input)
    {
        ConfigurationException.Require(
            input.Channels > 1,
            $"'{name}' mixes the channels of {input}, which has one; use more, or model.mixing 'none'");
        Shape angles = new(ChannelRotations.Count(input.Channels));
        _angles = store.Add(name + ".angles", angles, ParameterGroup.Weights, Initialization.Constant(0));
        _sample = new ConvolutionGeometry(
            input, input.Channels, Kernel: 1, Stride: 1, Padding: 0, Groups: 1, ElementType.Float32);
        _matrix = Own(_sample.Weights, ElementType.Float32, MemoryPurpose.Workspace);
        _packed = new PackedWeights(backend.Memory);
    }

    /// <inheritdoc/>
    public override Shape Output => Input;

    /// <inheritdoc/>
    public override bool IsInvertible => true;

    /// <inheritdoc/>
    public override void Prepare(int batch, NetworkUse use)
    {
        ReleaseWeights();
        Backend.ChannelRotationsForward(_angles.Value, _matrix);
        if (_plan is null || _plan.Geometry.Input.Batch != batch)
        {
            _plan = Backend.Convolution(_sample with { Input = Input.WithBatch(batch) });
        }
    }

    /// <inheritdoc/>
    public override void ReleaseWeights() => _packed.Free();

    /// <inheritdoc/>
    public override Tensor Forward(Tensor x, ForwardMode mode, ref SavedTensors saved)
    {
        Tensor y = Allocate(Output, x.Shape.Batch);
        ConvolutionPlan plan = PlanFor(x);
        plan.Forward(x, PackedFor(plan), y);
        Release(x, mode);
        return y;
    }

    /// <inheritdoc/>
    public override Tensor Backward(Tensor x, Tensor gradient, bool inputGradient, ref SavedTensors saved)
    {
        Tensor matrix = AllocateMatrix(), matrixGradient = AllocateMatrix();
        PlanFor(x).BackwardWeights(x, gradient, matrixGradient);
        Backend.Cast(_matrix, matrix);
        Backend.ChannelRotationsBackward(_angles.Value, matrix, matrixGradient, _angles.Gradient);
        Memory.Free(matrixGradient);
        Memory.Free(matrix);
        return Transposed(gradient);
    }

    /// <inheritdoc/>
    public override Tensor Inverse(Tensor y, ref SavedTensors saved, out Tensor point) => point = Transposed(y);

    /// <inheritdoc/>
    internal override string Export(OnnxGraph graph, string x) =>
        graph.Convolution(_angles.Name, _sample, _matrix, scale: 1, x);

    /// <inheritdoc/>
    protected override void Close(Arena memory) => ReleaseWeights();

    private Tensor AllocateMatrix() => Memory.Allocate(_sample.Weights, ElementType.Float32, MemoryPurpose.Workspace);

    private Tensor Transposed(Tensor y)
    {
        Tensor x = Allocate(Input, y.Shape.Batch);
        ConvolutionPlan plan = PlanFor(y);
        plan.BackwardData(y, PackedFor(plan), x);
        Memory.Free(y);
        return x;
    }

    private Tensor PackedFor(ConvolutionPlan plan) => _packed.PackOnce(plan, _matrix, default);

    private ConvolutionPlan PlanFor(Tensor x)
    {
        RequireOpen();
        return _plan is not null && _plan.Geometry.Input.Batch == x.Shape.Batch
            ? _plan
            : throw new InvalidOperationException(
                $"The layer '{Name}' is prepared for a batch of {_plan?.Geometry.Input.Batch ?? 0}, not "
                + $"{x.Shape.Batch}; call Prepare first.");
    }
}
