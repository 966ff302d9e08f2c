using RevUp.Backends;
using RevUp.Layers;
using RevUp.Tensors;

namespace RevUp.Reversible;

/// <summary>
/// The backward pass of a branch slab by slab of planes: slabs of x pass up through the
/// convolutions, as in <see cref="SlabEvaluation"/>, and slabs of the gradient pass down again,
/// behind them. Every plane is recomputed once and differentiated once, so each plane counts once
/// in the gradients of parameters, which add up slab after slab.
/// </summary>
/// <remarks>
/// With kernels of radius rⱼ along the axis, the gradient of x lags behind x by 2·(r₀ + … + rₘ₋₂).
/// Behind that, the gradient of F(x) is not looked at again: both may have one memory. Memory: a
/// window of every zⱼ and of its gradient, and two slabs.
/// </remarks>
internal sealed class SlabGradient(
    Backend backend, Convolution[] convolutions, Preactivation[] preactivations, BranchControl control,
    ElementType type)
{
    // Of z₀ … zₘ₋₂ and of their gradients.
    private readonly PlaneWindow[] _values = new PlaneWindow[convolutions.Length - 1];
    private readonly PlaneWindow[] _gradients = new PlaneWindow[convolutions.Length - 1];
    private int _slab;

    /// <summary>
    /// Adds the gradient of x for <paramref name="gradient"/>, the gradient of F(x), to
    /// <paramref name="residual"/>, in its memory, for slabs of <paramref name="slab"/> planes. All
    /// [N, (D), H, W, C]. The factors' gradients are left to the control.
    /// </summary>
    public void Add(Tensor x, Tensor gradient, Tensor residual, int slab)
    {
        _slab = slab;
        for (int sample = 0; sample < x.Shape.Batch; sample++)
        {
            Add(Planes.Of(x, sample), Planes.Of(gradient, sample), Planes.Of(residual, sample));
        }
        for (int j = 0; j < convolutions.Length; j++)
        {
            convolutions[j].Slabs(slab).EndWeights(control.GradientScale(j), control.Dot(j));
        }
    }

    private void Add(Planes x, Planes gradient, Planes residual)
    {
        Shape sample = x.Tensor.Shape;
        for (int j = 0; j < _values.Length; j++)
        {
            Shape z = sample.WithChannels(convolutions[j].Sample.OutputChannels);
            _values[j] = new PlaneWindow(backend, z, type, _slab, 2 * convolutions[j + 1].Reach);
            _gradients[j] = new PlaneWindow(backend, z, type, _slab, 2 * convolutions[j].Reach);
        }
        for (int end = _slab, done = 0; done < x.Depth; end += _slab)
        {
            done = Descend(x, gradient, residual, Ascend(x, end));
        }
        for (int j = 0; j < _values.Length; j++)
        {
            _values[j].Free();
            _gradients[j].Free();
        }
    }

    /// <summary>
    /// The slabs of z₀ … zₘ₋₂ from the planes of x before <paramref name="end"/>. Returns where the
    /// last one ends.
    /// </summary>
    private int Ascend(Planes x, int end)
    {
        for (int j = 0; j < _values.Length; j++)
        {
            int reach = convolutions[j].Reach;
            Planes p = Preactivate(j, x, new PlaneRun(end - _slab - 2 * reach, end));
            end -= reach;
            _values[j].Advance(end);
            convolutions[j].Slabs(_slab).Forward(p.Tensor, _values[j].Newest.Tensor);
            backend.Memory.Free(p.Tensor);
        }
        return end;
    }

    /// <summary>
    /// The slabs of all gradients, the first one of zₘ₋₂ before <paramref name="end"/>. Returns
    /// where the slab of x ends, whose gradient is complete.
    /// </summary>
    private int Descend(Planes x, Planes gradient, Planes residual, int end)
    {
        int last = convolutions.Length - 1;
        // The last convolution takes the planes of dF that reach the slab of zₘ₋₂. Its weights take
        // the first of them, whose kernels end in the slab.
        int reach = convolutions[last].Reach;
        PlaneRun run = new(end - _slab - reach, end + reach);
        Planes dz = gradient.Padded(backend, run, type);
        AddWeights(last, x, new PlaneRun(run.First, run.First + _slab), dz);
        Planes dp = Differentiate(last, x, dz, end, control.Multiplier);
        gradient.Release(backend, dz);
        for (int j = last - 1; j >= 0; j--)
        {
            AddWeights(j, x, dp.Run, dp);
            end -= convolutions[j].Reach;
            if (j == 0)
            {
                Planes dx = Planes.Allocate(backend, x.Tensor.Shape, type, new PlaneRun(end - _slab, end));
                convolutions[0].Slabs(_slab).BackwardData(_gradients[0].All.Tensor, dx.Tensor);
                preactivations[0].Backward(x, dx, default, residual, residual);
                backend.Memory.Free(dx.Tensor);
            }
            else
            {
                dp = Differentiate(j, x, _gradients[j].All, end, default);
            }
        }
        return end;
    }

    // dzⱼ₋₁ before plane `end` from the planes of dzⱼ that reach them.
    private Planes Differentiate(int j, Planes x, Planes dz, int end, Tensor scale)
    {
        _gradients[j - 1].Advance(end);
        Planes slab = _gradients[j - 1].Newest;
        convolutions[j].Slabs(_slab).BackwardData(dz.Tensor, slab.Tensor);
        preactivations[j].Backward(Input(j, x), slab, scale, default, slab);
        slab.ClearPadding(backend);
        return slab;
    }

    private void AddWeights(int j, Planes x, PlaneRun run, Planes dz)
    {
        int reach = convolutions[j].Reach;
        Planes p = Preactivate(j, x, new PlaneRun(run.First - reach, run.End + reach));
        convolutions[j].Slabs(_slab).BackwardWeights(p.Tensor, dz[run]);
        backend.Memory.Free(p.Tensor);
    }

    private Planes Preactivate(int j, Planes x, PlaneRun run) => preactivations[j].Forward(Input(j, x), run, type);

    private Planes Input(int j, Planes x) => j == 0 ? x : _values[j - 1].All;
}
