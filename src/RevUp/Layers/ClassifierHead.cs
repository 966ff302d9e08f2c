using RevUp.Backends;
using RevUp.Tensors;

namespace RevUp.Layers;

/// <summary>
/// logits = W · (mean over positions of (φ(x + a) + b)) + bias; x [N, (D), H, W, C], logits [N, classes]. Fixup: W and bias start at zero, a and b are scalars.
/// Its input, the end of the residual stream, is kept: the inversion starts from it.
/// </summary>
public sealed class ClassifierHead : Layer
{
    private readonly Activation _activation;
    private readonly Parameter _before;
    private readonly Parameter _after;
    private readonly Parameter _weight;
    private readonly Parameter _bias;

    /// <param name="name">Prefix of the parameters' names.</param>
    /// <param name="backend">The device.</param>
    /// <param name="store">Where parameters are declared.</param>
    /// <param name="input">Shape of one sample.</param>
    /// <param name="classes">Number of logits.</param>
    /// <param name="activation">φ.</param>
    public ClassifierHead(string name, Backend backend, ParameterStore store, Shape input, int classes, Activation activation)
        : base(name, backend, input)
    {
        _activation = activation;
        _before = store.Add(name + ".bias1a", new Shape(1), ParameterGroup.Scalars, Initialization.Constant(0));
        _after = store.Add(name + ".bias1b", new Shape(1), ParameterGroup.Scalars, Initialization.Constant(0));
        _weight = store.Add(name + ".weight", new Shape(classes, input.Channels), ParameterGroup.Weights, Initialization.Constant(0));
        _bias = store.Add(name + ".bias", new Shape(classes), ParameterGroup.Weights, Initialization.Constant(0));
        Output = new Shape(1, classes);
    }

    /// <inheritdoc/>
    public override Shape Output { get; }

    /// <inheritdoc/>
    public override Tensor Forward(Tensor x, ForwardMode mode, ref SavedTensors saved)
    {
        Tensor pooled = Pooled(x);
        Tensor logits = Memory.Allocate(Output.WithBatch(x.Shape.Batch), ElementType.Float32, MemoryPurpose.Activations);
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

    /// <inheritdoc/>
    public override Tensor Backward(Tensor x, Tensor gradient, bool inputGradient, ref SavedTensors saved)
    {
        Tensor pooled = saved.IsEmpty ? Pooled(x) : saved[0];
        Tensor dPooled = Memory.Allocate(pooled.Shape, ElementType.Float32, MemoryPurpose.Activations);
        Backend.LinearBackward(pooled, _weight.Value, gradient, dPooled, _weight.Gradient, _bias.Gradient);
        Memory.Free(pooled);
        saved = default;
        Memory.Free(gradient);
        Tensor dx = Allocate(Input, x.Shape.Batch);
        Backend.GlobalAveragePoolBackward(dPooled, dx);
        Memory.Free(dPooled);
        Backend.PreactivationBackward(_activation, x, _before.Value, dx, default, default, dx, _before.Gradient, _after.Gradient);
        return dx;
    }

    private Tensor Pooled(Tensor x)
    {
        Tensor p = Memory.Allocate(x.Shape, ElementType.Float32, MemoryPurpose.Activations);
        Backend.PreactivationForward(_activation, x, _before.Value, _after.Value, p);
        Tensor pooled = Memory.Allocate(new Shape(x.Shape.Batch, x.Shape.Channels), ElementType.Float32, MemoryPurpose.Activations);
        Backend.GlobalAveragePoolForward(p, pooled);
        Memory.Free(p);
        return pooled;
    }
}
