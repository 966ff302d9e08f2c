using RevUp.Backends;
using RevUp.Tensors;

namespace RevUp.Layers;

/// <summary>A convolution without bias: its weights, packed once per step, and its three passes. 2-D and 3-D are the same code.</summary>
public sealed class Convolution : IDisposable
{
    private readonly Backend _backend;
    private readonly ConvolutionGeometry _sample;
    private ConvolutionPlan? _plan;
    private Tensor _packed;

    /// <param name="name">Name of the convolution; its weight is "<paramref name="name"/>.weight".</param>
    /// <param name="backend">The device.</param>
    /// <param name="store">Where the weight is declared.</param>
    /// <param name="sample">Geometry for one sample.</param>
    /// <param name="initialization">Distribution of the initial weights.</param>
    public Convolution(string name, Backend backend, ParameterStore store, ConvolutionGeometry sample, Initialization initialization)
    {
        _backend = backend;
        _sample = sample;
        Weight = store.Add(name + ".weight", sample.Weights, ParameterGroup.Weights, initialization);
    }

    /// <summary>Weights [O, (kD), kH, kW, I / groups].</summary>
    public Parameter Weight { get; }

    /// <summary>Geometry for one sample.</summary>
    public ConvolutionGeometry Sample => _sample;

    /// <summary>Packs scale · weights for a batch; <paramref name="scale"/> may be empty for 1.</summary>
    public void Prepare(int batch, Tensor scale)
    {
        if (_plan is null || _plan.Geometry.Input.Batch != batch)
        {
            ConvolutionPlan plan = _backend.Convolution(_sample with { Input = _sample.Input.WithBatch(batch) });
            Dispose();
            _packed = _backend.Memory.AllocateBytes(plan.PackedBytes, MemoryPurpose.Workspace);
            _plan = plan;
        }
        _plan.Pack(Weight.Value, scale, _packed);
    }

    /// <summary>fprop into a new tensor; x stays.</summary>
    public Tensor Forward(Tensor x)
    {
        ConvolutionPlan plan = PlanFor(x);
        Tensor y = _backend.Memory.Allocate(plan.Geometry.Output, _sample.Type, MemoryPurpose.Activations);
        plan.Forward(x, _packed, y);
        return y;
    }

    /// <summary>
    /// fprop in the type of x, whatever that of the prepared weights: scale · weights, with <paramref name="scale"/> a scalar or empty for 1, are packed for
    /// this call alone. Into a new tensor of x's type; x stays.
    /// </summary>
    public Tensor ForwardOnce(Tensor x, Tensor scale)
    {
        Arena memory = _backend.Memory;
        ConvolutionPlan plan = _backend.Convolution(_sample with { Input = x.Shape, Type = x.Type });
        Tensor packed = memory.AllocateBytes(plan.PackedBytes, MemoryPurpose.Workspace);
        plan.Pack(Weight.Value, scale, packed);
        Tensor y = memory.Allocate(plan.Geometry.Output, x.Type, MemoryPurpose.Activations);
        plan.Forward(x, packed, y);
        memory.Free(packed);
        return y;
    }

    /// <summary>dgrad into a new tensor; dy stays.</summary>
    public Tensor BackwardData(Tensor dy)
    {
        ConvolutionPlan plan = PlanFor(dy);
        Tensor dx = _backend.Memory.Allocate(plan.Geometry.Input, _sample.Type, MemoryPurpose.Activations);
        plan.BackwardData(dy, _packed, dx);
        return dx;
    }

    /// <summary>
    /// Adds factor · wgrad(x, dy) to the weight's gradient and, unless <paramref name="dot"/> is empty, writes ⟨wgrad(x, dy), W⟩ there.
    /// <paramref name="factor"/> is a scalar, or empty for 1.
    /// </summary>
    public void BackwardWeights(Tensor x, Tensor dy, Tensor factor, Tensor dot)
    {
        Tensor gradient = _backend.Memory.Allocate(Weight.Shape, ElementType.Float32, MemoryPurpose.Workspace);
        PlanFor(x).BackwardWeights(x, dy, gradient);
        _backend.Axpy(factor, gradient, Weight.Gradient);
        if (!dot.IsEmpty)
        {
            _backend.Dot(gradient, Weight.Value, dot);
        }
        _backend.Memory.Free(gradient);
    }

    /// <summary>Frees the packed weights; <see cref="Prepare"/> makes them again.</summary>
    public void Dispose()
    {
        _plan = null;
        if (!_packed.IsEmpty)
        {
            _backend.Memory.Free(_packed);
            _packed = default;
        }
    }

    private ConvolutionPlan PlanFor(Tensor x) => _plan is not null && _plan.Geometry.Input.Batch == x.Shape.Batch
        ? _plan
        : throw new InvalidOperationException(
            $"The convolution '{Weight.Name}' is prepared for a batch of {_plan?.Geometry.Input.Batch ?? 0}, not {x.Shape.Batch}; call Prepare first.");
}
