using RevUp.Tensors;

namespace RevUp.Backends;

/// <summary>
/// One convolution geometry on one backend: algorithms chosen once and the same in forward,
/// inversion and recomputation. Plans belong to their backend, which caches them by geometry and
/// disposes them. Scratch memory is taken from the arena for the duration of a call.
/// </summary>
internal abstract class ConvolutionPlan(ConvolutionGeometry geometry)
{
    /// <summary>Purpose of the plan.</summary>
    public ConvolutionGeometry Geometry { get; } = geometry;

    /// <summary>
    /// Bytes of the weights in the layouts that <see cref="Forward"/> and
    /// <see cref="BackwardData"/> want.
    /// </summary>
    public abstract long PackedBytes { get; }

    /// <summary>
    /// Whether <see cref="Forward"/> and <see cref="BackwardData"/> take the weights themselves,
    /// unpacked, where no scale is wanted.
    /// </summary>
    public virtual bool TakesPlainWeights => false;

    /// <summary>
    /// Whether they take scale · weights in the geometry's type, laid out like the weights.
    /// </summary>
    public virtual bool TakesCopies => false;

    /// <summary>
    /// packed = scale · weights, laid out for this plan. <paramref name="scale"/> is a scalar, or
    /// empty for 1.
    /// </summary>
    public abstract void Pack(Tensor weights, Tensor scale, Tensor packed);

    /// <summary>fprop: y = w * x.</summary>
    public abstract void Forward(Tensor x, Tensor packed, Tensor y);

    /// <summary>dgrad: dx = wᵀ * dy.</summary>
    public abstract void BackwardData(Tensor dy, Tensor packed, Tensor dx);

    /// <summary>
    /// wgrad: dw = gradient of the weights (overwritten), float32, or
    /// <see cref="Backend.GradientType"/> where the device has another.
    /// </summary>
    public abstract void BackwardWeights(Tensor x, Tensor dy, Tensor dw);

    /// <summary>
    /// Whether the plan does an operation behind a pass in registers. The results are then not
    /// rounded to the geometry's type in between, so the answer is the same for all calls.
    /// </summary>
    public virtual bool Fuses(ConvolutionFusion fusion) => false;

    /// <summary>
    /// y = x + s·(w * p), and in <paramref name="ahead"/>, in the geometry's type, what
    /// <paramref name="reader"/> makes of y. x and y are float32, and y may be x; s is a scalar;
    /// ahead may be empty. Needs <see cref="ConvolutionFusion.Stream"/>.
    /// </summary>
    public virtual void ForwardAdd(
        Tensor p, Tensor packed, Tensor x, Tensor s, Tensor y, in ScalarActivation reader, Tensor ahead) =>
        throw NotFused();

    /// <summary>
    /// next = y − s·(w * p) with the statistics of <see cref="Backend.FixedPointStep"/>, and in
    /// <paramref name="ahead"/> what <paramref name="reader"/> makes of next. An empty x is y; next
    /// may be y and x; ahead may be empty. Needs <see cref="ConvolutionFusion.Stream"/>.
    /// </summary>
    public virtual void ForwardStep(
        Tensor p, Tensor packed, Tensor y, Tensor s, Tensor x, Tensor next, Tensor statistics,
        in ScalarActivation reader, Tensor ahead) => throw NotFused();

    /// <summary>
    /// y = φ(w * p + a) + b, bfloat16. Needs <see cref="ConvolutionFusion.Activation"/>.
    /// </summary>
    public virtual void ForwardActivated(Tensor p, Tensor packed, in ScalarActivation activation, Tensor y) =>
        throw NotFused();

    /// <summary>
    /// dx = residual + scale·(wᵀ * dy)·φ′, with φ′ from <paramref name="p"/> = φ(t + a) + b, and
    /// adds to the gradients of a and b. dy and p are bfloat16. <paramref name="narrow"/> becomes
    /// dx in bfloat16. Scale, residual and narrow may be empty; dx may be residual, and p when the
    /// types are equal. Needs <see cref="ConvolutionFusion.Gradient"/> for a dx in bfloat16, and
    /// <see cref="ConvolutionFusion.StreamGradient"/> for one in float32.
    /// </summary>
    public virtual void BackwardActivated(
        Tensor dy, Tensor packed, in ScalarActivation activation, Tensor p, Tensor scale, Tensor residual, Tensor dx,
        Tensor narrow) => throw NotFused();

    /// <summary>
    /// Adds the wgrad of a part to <paramref name="dw"/>, which the first part overwrites.
    /// </summary>
    public void AddWeights(Backend backend, Tensor x, Tensor dy, Tensor dw, bool isFirst)
    {
        if (isFirst)
        {
            BackwardWeights(x, dy, dw);
            return;
        }
        Tensor part = backend.Memory.Allocate(dw.Shape, ElementType.Float32, MemoryPurpose.Workspace);
        BackwardWeights(x, dy, part);
        backend.Axpy(default, part, dw);
        backend.Memory.Free(part);
    }

    /// <summary>
    /// Float32 memory for a sum of parts' wgrad: dw's own, or a tensor that <see cref="EndSum"/>
    /// rounds into it.
    /// </summary>
    protected static Tensor BeginSum(Backend backend, Tensor dw) => dw.Type == ElementType.Float32
        ? dw
        : backend.Memory.Allocate(dw.Shape, ElementType.Float32, MemoryPurpose.Workspace);

    /// <summary>Ends a sum of parts.</summary>
    protected static void EndSum(Backend backend, Tensor sum, Tensor dw)
    {
        if (sum != dw)
        {
            backend.Cast(sum, dw);
            backend.Memory.Free(sum);
        }
    }

    private InvalidOperationException NotFused() => new($"{GetType().Name} has no fused passes; ask Fuses first.");
}
