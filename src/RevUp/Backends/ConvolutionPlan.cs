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
}
