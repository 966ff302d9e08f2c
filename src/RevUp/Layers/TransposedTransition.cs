using RevUp.Backends;
using RevUp.Tensors;

namespace RevUp.Layers;

/// <summary>
/// y = e + Wᵀ ∗ x between a level of a U-Net's decoder and the next finer one: a transposed
/// convolution whose kernel is its stride, so that every position of y has one tap, and the skip
/// connection's e. x [N, (D'), H', W', I], y and e [N, (D), H, W, O], float32. The convolution's
/// own input and output may be bfloat16. Not invertible in x, which is kept. y takes the memory of
/// e, and <see cref="Separate"/> brings e back.
/// </summary>
/// <remarks>
/// Wᵀ ∗ x is the dgrad of a convolution from y's extents to x's: its gradients are the fprop and
/// the wgrad of that convolution.
/// </remarks>
internal sealed class TransposedTransition : Layer
{
    private readonly Convolution _convolution;
    private readonly ElementType _type;
    private readonly Tensor _one;

    /// <param name="name">Prefix of the weight's name.</param>
    /// <param name="backend">The device.</param>
    /// <param name="store">Where the weight is declared.</param>
    /// <param name="input">Shape of one sample of x.</param>
    /// <param name="stride">Factors between the extents of y and x.</param>
    /// <param name="skip">The connection that ends here.</param>
    /// <param name="type">Storage type of the convolution.</param>
    /// <param name="tf32">Whether float32 factors may be rounded to TF32.</param>
    public TransposedTransition(
        string name, Backend backend, ParameterStore store, Shape input, Axes stride, Skip skip,
        ElementType type, bool tf32)
        : base(name, backend, input)
    {
        (Skip, _type) = (skip, type);
        ConvolutionGeometry geometry = new(
            skip.Sample, input.Channels, stride, stride, Padding: 0, Groups: 1, type, tf32);
        Initialization initialization = Fixup.TransposedConvolution(geometry.Weights);
        _convolution = Own(new Convolution(name, backend, store, geometry, initialization));
        _one = Own(new Shape(1), ElementType.Float32, MemoryPurpose.Workspace);
        backend.Upload<float>([1], _one);
    }

    /// <inheritdoc/>
    public override Shape Output => Skip.Sample;

    /// <summary>
    /// Geometry for one sample of the convolution from y to x whose dgrad this is.
    /// </summary>
    public ConvolutionGeometry Geometry => _convolution.Sample;

    /// <summary>The connection that ends here.</summary>
    public Skip Skip { get; }

    /// <inheritdoc/>
    public override void Prepare(int batch, NetworkUse use) =>
        // The algorithms of prediction have no dgrad.
        _convolution.Prepare(batch, use == NetworkUse.Prediction ? NetworkUse.Evaluation : use, default);

    /// <inheritdoc/>
    public override void ReleaseWeights() => _convolution.ReleaseWeights();

    /// <inheritdoc/>
    public override Tensor Forward(Tensor x, ForwardMode mode, ref SavedTensors saved)
    {
        if (Slab > 0)
        {
            Tensor sum = Skip.Take();
            JoinSlabs(x, sum, separates: false);
            Release(x, mode);
            return sum;
        }
        Tensor up = Up(x);
        Release(x, mode);
        Tensor y = Skip.Take();
        Backend.ResidualAdd(y, up, _one, y);
        Memory.Free(up);
        return y;
    }

    /// <summary>
    /// e = y − Wᵀ ∗ x in the memory of y, which is taken over, back into the connection; x stays.
    /// </summary>
    public void Separate(Tensor x, Tensor y)
    {
        if (Slab > 0)
        {
            JoinSlabs(x, y, separates: true);
        }
        else
        {
            Tensor up = Up(x);
            Backend.ResidualSubtract(y, up, _one, y);
            Memory.Free(up);
        }
        Skip.Value = y;
    }

    /// <inheritdoc/>
    public override Tensor Backward(Tensor x, Tensor gradient, bool inputGradient, ref SavedTensors saved)
    {
        Skip.Gradient = gradient;
        if (Slab > 0)
        {
            return BackwardSlabs(x, gradient);
        }
        Tensor narrow = Narrowed(x), dy = Narrowed(gradient);
        _convolution.BackwardWeights(dy, narrow, default, default);
        Free(narrow, x);
        Tensor dx = _convolution.Forward(dy);
        Free(dy, gradient);
        return Backend.Converted(dx, ElementType.Float32);
    }

    /// <inheritdoc/>
    protected override int SlabOf(long elements) =>
        Planes.AreAligned(Input, _type) && Planes.AreAligned(Output, _type)
            ? Planes.Slab(elements / (Planes.Elements(Output) * Geometry.Stride[0]), Input)
            : 0;

    /// <inheritdoc/>
    internal override string Export(OnnxGraph graph, string x) =>
        graph.Node("Add", Name, [_convolution.ExportTransposed(graph, x), Skip.Exported]);

    // y ± Wᵀ ∗ x in the memory of y. The planes of y under a slab of x are under no other.
    private void JoinSlabs(Tensor x, Tensor y, bool separates)
    {
        SlabConvolution convolution = _convolution.Slabs(Slab);
        for (int n = 0; n < x.Shape.Batch; n++)
        {
            (Planes xs, Planes ys) = (Planes.Of(x, n), Planes.Of(y, n));
            for (int first = 0; first < xs.Depth; first += Slab)
            {
                PlaneRun run = new(first, first + Slab);
                Planes slab = xs.Padded(Backend, run, _type);
                Planes up = Planes.Allocate(Backend, Output, _type, Finer(run));
                convolution.BackwardDataOfSlab(slab.Tensor, up.Tensor);
                xs.Release(Backend, slab);
                Tensor sum = ys[up.Inside];
                if (separates)
                {
                    Backend.ResidualSubtract(sum, up[up.Inside], _one, sum);
                }
                else
                {
                    Backend.ResidualAdd(sum, up[up.Inside], _one, sum);
                }
                Memory.Free(up.Tensor);
            }
        }
    }

    private Tensor BackwardSlabs(Tensor x, Tensor gradient)
    {
        SlabConvolution convolution = _convolution.Slabs(Slab);
        Tensor gradients = Allocate(Input, x.Shape.Batch);
        for (int n = 0; n < x.Shape.Batch; n++)
        {
            (Planes xs, Planes dys, Planes dxs) = (Planes.Of(x, n), Planes.Of(gradient, n), Planes.Of(gradients, n));
            for (int first = 0; first < xs.Depth; first += Slab)
            {
                PlaneRun run = new(first, first + Slab);
                Planes slab = xs.Padded(Backend, run, _type);
                Planes dy = dys.Padded(Backend, Finer(run), _type);
                convolution.BackwardWeights(dy.Tensor, slab.Tensor);
                xs.Release(Backend, slab);
                dys.Release(Backend, dy);
                // The last slab ends with the sample, and computes some planes again.
                PlaneRun own = new(Math.Min(first, xs.Depth - Slab), Math.Min(first + Slab, xs.Depth));
                Planes behind = dys.Padded(Backend, Finer(own), _type), dx = dxs.Place(Backend, own, _type);
                convolution.Forward(behind.Tensor, dx.Tensor);
                dys.Release(Backend, behind);
                dxs.Fill(Backend, dx);
            }
        }
        convolution.EndWeights(default, default);
        return gradients;
    }

    // Wᵀ ∗ x in the convolution's type.
    private Tensor Up(Tensor x)
    {
        Tensor narrow = Narrowed(x);
        Tensor up = _convolution.BackwardData(narrow);
        Free(narrow, x);
        return up;
    }

    private Tensor Narrowed(Tensor x)
    {
        if (_type == x.Type)
        {
            return x;
        }
        Tensor narrow = Memory.Allocate(x.Shape, _type, MemoryPurpose.Activations);
        Backend.Cast(x, narrow);
        return narrow;
    }

    private void Free(Tensor narrow, Tensor x)
    {
        if (narrow != x)
        {
            Memory.Free(narrow);
        }
    }

    private PlaneRun Finer(PlaneRun run) => new(run.First * Geometry.Stride[0], run.End * Geometry.Stride[0]);
}
