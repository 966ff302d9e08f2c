using RevUp.Backends;
using RevUp.Tensors;

namespace RevUp.Layers;

/// <summary>
/// Input of a convolution: p = φ of the shifted or normalised x, and its gradient. x and p have one
/// shape, each its own storage type.
/// </summary>
internal abstract class Preactivation(Backend backend, int channels, Activation activation) : DeviceObject(backend)
{
    /// <summary>Of x and p.</summary>
    protected int Channels { get; } = channels;

    /// <summary>φ.</summary>
    protected Activation Activation { get; } = activation;

    /// <summary>
    /// Pre-activation <paramref name="index"/>, from 1, of the layer <paramref name="name"/>, on
    /// <paramref name="channels"/> channels.
    /// </summary>
    public static Preactivation Create(
        Normalization normalization, string name, int index, Backend backend, ParameterStore store, int channels,
        Activation activation) =>
        normalization switch
        {
            Normalization.Fixup => new ScalarPreactivation($"{name}.bias{index}", backend, store, channels, activation),
            Normalization.BatchNorm => new BatchNorm($"{name}.bn{index}", backend, store, channels, activation),
            Normalization.InstanceNorm => new InstanceNorm($"{name}.in{index}", backend, store, channels, activation),
            _ => new BiasPreactivation($"{name}.bias{index}", backend, store, channels, activation),
        };

    /// <summary>
    /// Whether p at a position depends on x at that position alone, so that planes may be computed
    /// apart.
    /// </summary>
    public abstract bool IsLocal { get; }

    /// <summary>Says whether the next passes train or evaluate.</summary>
    public virtual void Prepare(NetworkUse use) => RequireOpen();

    /// <inheritdoc cref="Layer.Repeat"/>
    public virtual void Repeat() => RequireOpen();

    /// <summary>
    /// p of x; p may alias x when the types are equal. <paramref name="measure"/> is set in the
    /// forward pass alone: whatever depends on the batch as a whole is measured and counted then,
    /// and recomputations see the same numbers.
    /// </summary>
    public abstract void Forward(Tensor x, bool measure, Tensor p);

    /// <summary>
    /// dx = residual + the gradient of x for scale · dp, and adds to the parameters' gradients.
    /// Scale and residual may be empty (1 and 0); dx may alias dp and residual when the types are
    /// equal.
    /// </summary>
    public abstract void Backward(Tensor x, Tensor dp, Tensor scale, Tensor residual, Tensor dx);

    /// <summary>
    /// Whether <see cref="BackwardFromResult"/> and the others that read or write p in bfloat16
    /// along with something else can be called.
    /// </summary>
    public virtual bool IsFusible => false;

    /// <summary>
    /// <see cref="Backward(Tensor, Tensor, Tensor, Tensor, Tensor)"/> with p instead of x: p and dp
    /// are bfloat16. <paramref name="narrow"/> becomes dx in bfloat16, and may be empty. dx may
    /// alias residual, and p when the types are equal; narrow may alias dp. Needs
    /// <see cref="IsFusible"/>.
    /// </summary>
    public virtual void BackwardFromResult(
        Tensor p, Tensor dp, Tensor scale, Tensor residual, Tensor dx, Tensor narrow) => throw NotFusible();

    /// <summary>
    /// y = x + s·z, and p of y. x and y are float32, z and p bfloat16; y may alias x, p may alias
    /// z. Needs <see cref="IsFusible"/>.
    /// </summary>
    public virtual void ForwardOfSum(Tensor x, Tensor z, Tensor s, Tensor y, Tensor p) => throw NotFusible();

    /// <summary>
    /// The fixed-point step next = y − s·z with its statistics
    /// (<see cref="Backend.FixedPointStep"/>), and p of next. An empty x is y. Next may alias y and
    /// x, p may alias z. Needs <see cref="IsFusible"/>.
    /// </summary>
    public virtual void ForwardOfStep(
        Tensor y, Tensor z, Tensor s, Tensor x, Tensor next, Tensor statistics, Tensor p) => throw NotFusible();

    /// <summary>
    /// The function and its scalars, for a convolution that does it too. Needs
    /// <see cref="IsFusible"/>.
    /// </summary>
    public virtual ScalarActivation Scalars => throw NotFusible();

    /// <summary>
    /// p of a run of planes of x in a new tensor, with zeros for padding; needs
    /// <see cref="IsLocal"/>.
    /// </summary>
    public Planes Forward(Planes x, PlaneRun run, ElementType type)
    {
        Planes p = Planes.Allocate(Backend, x.Tensor.Shape.With(1, x.Depth), type, run);
        Forward(x, p);
        return p;
    }

    /// <summary>The planes p, of the same numbers of x; p may be x.</summary>
    public void Forward(Planes x, Planes p)
    {
        PlaneRun inside = p.Inside;
        if (!inside.IsEmpty)
        {
            Forward(x[inside], measure: false, p[inside]);
        }
        p.ClearPadding(Backend);
    }

    /// <summary>The same from planes of dp into planes of dx; padding is passed over.</summary>
    public void Backward(Planes x, Planes dp, Tensor scale, Planes residual, Planes dx)
    {
        PlaneRun inside = dp.Inside;
        if (!inside.IsEmpty)
        {
            Backward(
                x[inside], dp[inside], scale, residual.Tensor.IsEmpty ? default : residual[inside], dx[inside]);
        }
    }

    /// <summary>
    /// Adds p of x in evaluation to a graph; <paramref name="spatialRank"/> is 2 or 3.
    /// </summary>
    internal abstract string Export(OnnxGraph graph, int spatialRank, string x);

    private InvalidOperationException NotFusible() => new($"{GetType().Name} of {Activation} has no fused operations.");
}
