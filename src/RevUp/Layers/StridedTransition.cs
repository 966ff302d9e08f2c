using RevUp.Backends;
using RevUp.Tensors;

namespace RevUp.Layers;

/// <summary>
/// y = W ∗ p with a stride, p of x by a <see cref="Preactivation"/>, between two stages: the
/// projection of a pre-activation ResNet (arXiv 1603.05027, figure 4e). Not invertible, so its
/// input is kept. x [N, (D), H, W, I], y [N, (D'), H', W', O], float32; the convolution's own input
/// and output may be bfloat16. Then it is fused: it takes p and the gradient of y in bfloat16 from
/// its neighbours, writes both for them, and needs no x where it keeps p. In a U-Net x begins a
/// skip connection, which takes an x that is handed over.
/// </summary>
internal sealed class StridedTransition : Layer
{
    private readonly Preactivation _preactivation;
    private readonly Convolution _convolution;
    private readonly ElementType _type;
    private readonly bool _isFused;

    /// <param name="name">Prefix of the parameters' names.</param>
    /// <param name="backend">The device.</param>
    /// <param name="store">Where parameters are declared.</param>
    /// <param name="input">Shape of one sample.</param>
    /// <param name="channels">O.</param>
    /// <param name="kernel">Kernel extents k; padded by (k - 1) / 2.</param>
    /// <param name="stride">Strides.</param>
    /// <param name="activation">φ.</param>
    /// <param name="normalization">Normalisation before φ.</param>
    /// <param name="type">Storage type of the convolution.</param>
    /// <param name="tf32">Whether float32 factors may be rounded to TF32.</param>
    /// <param name="skip">The connection that x begins; null for none.</param>
    public StridedTransition(
        string name, Backend backend, ParameterStore store, Shape input, int channels, Axes kernel, Axes stride,
        Activation activation, Normalization normalization, ElementType type, bool tf32, Skip? skip = null)
        : base(name, backend, input)
    {
        (Skip, _type) = (skip, type);
        _preactivation = Own(Preactivation.Create(normalization, name, 1, backend, store, input.Channels, activation));
        _isFused = type == ElementType.BFloat16 && backend.KeepsPreactivations && _preactivation.IsFusible;
        ConvolutionGeometry geometry = new(
            input, channels, kernel, stride, kernel.Map(k => (k - 1) / 2), Groups: 1, type, tf32);
        Initialization initialization = Fixup.ActivatedConvolution(geometry.Weights);
        _convolution = Own(new Convolution(name, backend, store, geometry, initialization));
    }

    /// <inheritdoc/>
    public override Shape Output => _convolution.Sample.Output;

    /// <summary>Geometry of the convolution for one sample.</summary>
    public ConvolutionGeometry Geometry => _convolution.Sample;

    /// <summary>The connection that x begins; null for none.</summary>
    public Skip? Skip { get; }

    /// <inheritdoc/>
    internal override Preactivation? FusedInput => _isFused && Slab == 0 ? _preactivation : null;

    /// <inheritdoc/>
    public override void Prepare(int batch, NetworkUse use)
    {
        _preactivation.Prepare(use);
        _convolution.Prepare(batch, use, default);
    }

    /// <inheritdoc/>
    public override void ReleaseWeights() => _convolution.ReleaseWeights();

    /// <inheritdoc/>
    public override Tensor Forward(Tensor x, ForwardMode mode, ref SavedTensors saved) =>
        Forward(x, mode, ref saved, default);

    /// <inheritdoc/>
    internal override Tensor Forward(Tensor x, ForwardMode mode, ref SavedTensors saved, Neighbour next)
    {
        if (Slab > 0)
        {
            Tensor slabs = ForwardSlabs(x);
            HandOver(x, mode);
            return slabs;
        }
        Tensor p = saved.Preactivated.IsEmpty ? Preactivate(x, measure: true) : saved.Preactivated;
        saved.Preactivated = default;
        HandOver(x, mode);
        Tensor z = _convolution.Forward(p);
        if (mode is ForwardMode.Absorb or ForwardMode.AbsorbFirst)
        {
            saved[0] = p;
        }
        else
        {
            Memory.Free(p);
        }
        if (next.Reader is null || z.Type == ElementType.Float32)
        {
            return Backend.Converted(z, ElementType.Float32);
        }
        Tensor y = Allocate(Output, z.Shape.Batch);
        next.Reader.ForwardOfSum(default, z, default, y, z);
        next.Saved.Preactivated = z;
        return y;
    }

    /// <inheritdoc/>
    public override Tensor Backward(Tensor x, Tensor gradient, bool inputGradient, ref SavedTensors saved) =>
        Backward(x, gradient, inputGradient, ref saved, default);

    /// <inheritdoc/>
    internal override Tensor Backward(
        Tensor x, Tensor gradient, bool inputGradient, ref SavedTensors saved, Neighbour below)
    {
        if (Slab > 0)
        {
            return BackwardSlabs(x, gradient);
        }
        if (_isFused)
        {
            return BackwardFused(x, gradient, ref saved, below);
        }
        Tensor dy = Backend.Converted(gradient, _type);
        Tensor p = Preactivate(x, measure: false);
        _convolution.BackwardWeights(p, dy, default, default);
        Memory.Free(p);
        Tensor dp = _convolution.BackwardData(dy);
        Memory.Free(dy);
        Tensor dx = _type == ElementType.Float32 ? dp : Allocate(Input, x.Shape.Batch);
        _preactivation.Backward(x, dp, default, default, dx);
        if (dx != dp)
        {
            Memory.Free(dp);
        }
        if (Skip is not null)
        {
            Backend.Axpy(default, Skip.Gradient, dx);
            Memory.Free(Skip.Gradient);
            Skip.Gradient = default;
        }
        return dx;
    }

    /// <inheritdoc/>
    internal override string Export(OnnxGraph graph, string x)
    {
        Skip?.Exported = x;
        return _convolution.Export(graph, scale: 1, _preactivation.Export(graph, Input.SpatialRank, x));
    }

    /// <inheritdoc/>
    protected override int SlabOf(long elements) =>
        _preactivation.IsLocal && Planes.AreAligned(Input, _type) && Planes.AreAligned(Output, _type)
            ? Planes.Slab(elements / (Planes.Elements(Input) * Geometry.Stride[0]), Output)
            : 0;

    // In a U-Net x becomes the skip connection's.
    private void HandOver(Tensor x, ForwardMode mode)
    {
        if (Skip is not null && mode == ForwardMode.Consume)
        {
            Skip.Value = x;
        }
        else
        {
            Release(x, mode);
        }
    }

    // p is there until the end, because φ′ follows from it.
    private Tensor BackwardFused(Tensor x, Tensor gradient, ref SavedTensors saved, Neighbour below)
    {
        Tensor dy = saved.Gradient, p = saved[0];
        if (dy.IsEmpty)
        {
            dy = Backend.Converted(gradient, _type);
        }
        else
        {
            Memory.Free(gradient);
        }
        if (p.IsEmpty)
        {
            p = Preactivate(x, measure: false);
        }
        saved = default;
        _convolution.BackwardWeights(p, dy, default, default);
        Tensor dp = _convolution.BackwardData(dy);
        Memory.Free(dy);
        // The gradient along the skip connection becomes the gradient of x.
        Tensor residual = Skip?.Gradient ?? default;
        Skip?.Gradient = default;
        Tensor dx = residual.IsEmpty ? Allocate(Input, p.Shape.Batch) : residual;
        Tensor narrow = below.Reader is null ? default : dp;
        _preactivation.BackwardFromResult(p, dp, default, residual, dx, narrow);
        Memory.Free(p);
        if (narrow.IsEmpty)
        {
            Memory.Free(dp);
        }
        else
        {
            below.Saved.Gradient = narrow;
        }
        return dx;
    }

    private Tensor ForwardSlabs(Tensor x)
    {
        Tensor y = Allocate(Output, x.Shape.Batch);
        SlabConvolution convolution = _convolution.Slabs(Slab);
        for (int n = 0; n < x.Shape.Batch; n++)
        {
            Planes ys = Planes.Of(y, n);
            for (int first = 0; first < ys.Depth; first += Slab)
            {
                // The last slab ends with the sample, and computes some planes again.
                PlaneRun run = new(Math.Min(first, ys.Depth - Slab), Math.Min(first + Slab, ys.Depth));
                Planes p = _preactivation.Forward(Planes.Of(x, n), Reached(run), _type);
                Planes slab = ys.Place(Backend, run, _type);
                convolution.Forward(p.Tensor, slab.Tensor);
                Memory.Free(p.Tensor);
                ys.Fill(Backend, slab);
            }
        }
        return y;
    }

    private Tensor BackwardSlabs(Tensor x, Tensor gradient)
    {
        // The gradient along the skip connection becomes the gradient of x.
        Tensor dx = Skip?.Gradient ?? Allocate(Input, x.Shape.Batch);
        for (int n = 0; n < x.Shape.Batch; n++)
        {
            BackwardSlabs(Planes.Of(x, n), Planes.Of(gradient, n), Planes.Of(dx, n));
        }
        _convolution.Slabs(Slab).EndWeights(default, default);
        Memory.Free(gradient);
        Skip?.Gradient = default;
        return dx;
    }

    // Kernels of neighbouring slabs may share planes, whose gradients wait for the next slab. Or
    // they may leave planes out.
    private void BackwardSlabs(Planes x, Planes gradient, Planes dx)
    {
        SlabConvolution convolution = _convolution.Slabs(Slab);
        (int stride, int shared) = (Geometry.Stride[0], Geometry.Kernel[0] - Geometry.Stride[0]);
        Tensor waiting = default;
        if (shared > 0)
        {
            waiting = Memory.Allocate(Input.With(1, shared), ElementType.Float32, MemoryPurpose.Activations);
            Backend.Fill(waiting, 0);
        }
        for (int first = 0, done = 0; done < x.Depth; first += Slab)
        {
            PlaneRun run = new(first, first + Slab), reached = Reached(run);
            done = reached.First + Slab * stride;
            Planes dy = gradient.Padded(Backend, run, _type);
            // p, and then its gradient.
            Planes p = _preactivation.Forward(
                x, new PlaneRun(reached.First, Math.Max(reached.End, done)), _type);
            convolution.BackwardWeights(p[reached], dy.Tensor);
            convolution.BackwardDataOfSlab(dy.Tensor, p[reached]);
            gradient.Release(Backend, dy);
            if (shared > 0)
            {
                Add(waiting, p[new PlaneRun(reached.First, reached.First + shared)]);
                Backend.Cast(p[new PlaneRun(done, reached.End)], waiting);
            }
            else if (shared < 0)
            {
                Backend.Fill(p[new PlaneRun(reached.End, done)].AsFloats(), 0);
            }
            Planes dp = p with { Tensor = p[new PlaneRun(reached.First, done)] };
            _preactivation.Backward(x, dp, default, Skip is null ? default : dx, dx);
            Memory.Free(p.Tensor);
        }
        Memory.TryFree(waiting);
    }

    // Sums are float32.
    private void Add(Tensor x, Tensor y)
    {
        Tensor sum = y;
        if (y.Type != ElementType.Float32)
        {
            sum = Memory.Allocate(y.Shape, ElementType.Float32, MemoryPurpose.Workspace);
            Backend.Cast(y, sum);
        }
        Backend.Axpy(default, x, sum);
        if (sum != y)
        {
            Backend.Cast(sum, y);
            Memory.Free(sum);
        }
    }

    // The planes of x under the kernels of a run of planes of y.
    private PlaneRun Reached(PlaneRun run)
    {
        int first = run.First * Geometry.Stride[0] - Geometry.Padding[0];
        return new PlaneRun(first, first + (run.Count - 1) * Geometry.Stride[0] + Geometry.Kernel[0]);
    }

    private Tensor Preactivate(Tensor x, bool measure)
    {
        Tensor p = Memory.Allocate(Input.WithBatch(x.Shape.Batch), _type, MemoryPurpose.Activations);
        _preactivation.Forward(x, measure, p);
        return p;
    }
}
