using RevUp.Backends;
using RevUp.Tensors;

namespace RevUp.Layers;

/// <summary>
/// The passes of a convolution over a slab of planes at a time, without padding along the outermost
/// axis: the caller hands over the planes that the kernel reaches, and zeros where there are none.
/// Every output is computed once. A convolution has one of these for a type at a time.
/// </summary>
internal sealed class SlabConvolution
{
    private readonly Backend _backend;
    private readonly Convolution _convolution;
    private readonly ConvolutionPlan _plan;
    private readonly ConvolutionPlan _adjoint;
    private readonly PackedWeights _packed;
    private readonly PackedWeights _packedAdjoint;
    private Tensor _gradient;

    /// <param name="backend">The device.</param>
    /// <param name="convolution">The convolution.</param>
    /// <param name="planes">Planes of a slab of outputs.</param>
    /// <param name="type">Of inputs and outputs.</param>
    /// <param name="isForwardAlone">Whether fprop is the only pass.</param>
    public SlabConvolution(
        Backend backend, Convolution convolution, int planes, ElementType type, bool isForwardAlone)
    {
        (_backend, _convolution, Planes, IsForwardAlone) = (backend, convolution, planes, isForwardAlone);
        ConvolutionGeometry sample = convolution.Sample with { Type = type, IsForwardAlone = isForwardAlone };
        (int kernel, int stride) = (sample.Kernel[0], sample.Stride[0]);
        _plan = backend.Convolution(PlaneParts.Of(sample, (planes - 1) * stride + kernel, padding: 0));
        // Of stride 1: all gradients that reach a slab of inputs, so that none comes in parts.
        _adjoint = stride == 1 && !isForwardAlone
            ? backend.Convolution(PlaneParts.Of(sample, planes, padding: kernel - 1))
            : _plan;
        _packed = new PackedWeights(backend.Memory);
        _packedAdjoint = _adjoint == _plan ? _packed : new PackedWeights(backend.Memory);
    }

    /// <summary>Planes of a slab of outputs.</summary>
    public int Planes { get; }

    /// <summary>Whether fprop is the only pass.</summary>
    public bool IsForwardAlone { get; }

    /// <summary>Factor of the weights, a scalar; empty for 1.</summary>
    public Tensor Scale { private get; set; }

    private Tensor Weight => _convolution.Weight.Value;

    /// <summary>
    /// fprop: a slab y from x, its planes and those that the kernel reaches.
    /// </summary>
    public void Forward(Tensor x, Tensor y) =>
        _plan.Forward(x, _packed.PackOnce(_plan, Weight, Scale), y);

    /// <summary>
    /// dgrad at stride 1: a slab dx from dy, its planes and those whose kernels reach them.
    /// </summary>
    public void BackwardData(Tensor dy, Tensor dx) =>
        _adjoint.BackwardData(dy, _packedAdjoint.PackOnce(_adjoint, Weight, Scale), dx);

    /// <summary>
    /// dgrad at any stride: the gradients that a slab dy adds to all planes that its kernels reach.
    /// </summary>
    public void BackwardDataOfSlab(Tensor dy, Tensor dx) =>
        _plan.BackwardData(dy, _packed.PackOnce(_plan, Weight, Scale), dx);

    /// <summary>
    /// Adds the wgrad of a slab, with x as of <see cref="Forward"/>, to a sum that
    /// <see cref="EndWeights"/> ends.
    /// </summary>
    public void BackwardWeights(Tensor x, Tensor dy)
    {
        bool isFirst = _gradient.IsEmpty;
        if (isFirst)
        {
            _gradient = _backend.Memory.Allocate(Weight.Shape, ElementType.Float32, MemoryPurpose.Workspace);
        }
        _plan.AddWeights(_backend, x, dy, _gradient, isFirst);
    }

    /// <summary>
    /// Ends the sum, as <see cref="Convolution.BackwardWeights"/> ends a gradient.
    /// </summary>
    public void EndWeights(Tensor factor, Tensor dot)
    {
        _convolution.EndWeights(_gradient, factor, dot);
        _gradient = default;
    }

    /// <summary>Frees the packed weights, and forgets a backward pass that failed.</summary>
    public void Release()
    {
        _packed.Free();
        _packedAdjoint.Free();
        _gradient = default;
    }
}
