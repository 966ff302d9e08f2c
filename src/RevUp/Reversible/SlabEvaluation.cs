using RevUp.Backends;
using RevUp.Layers;
using RevUp.Tensors;

namespace RevUp.Reversible;

/// <summary>
/// F(x) of one sample slab by slab of planes along the outermost axis. Nothing is normalised, so F
/// is local, and the slabs have the numbers of the whole. Slabs of x pass from convolution to
/// convolution. Each waits in a window until the planes behind it, which the kernel reaches, are
/// there too. So every plane is computed once, and z lags behind x.
/// </summary>
/// <remarks>
/// With kernels of radius rⱼ along the axis, z lags by h = Σrⱼ planes. By the time a slab of z is
/// there, x is not looked at again up to its end: the caller may overwrite those planes of x.
/// Memory: two slabs and the planes between them, whatever the extent. A branch has one of these
/// for a type. One of another type than the branch's packs the weights for one sample alone.
/// </remarks>
internal sealed class SlabEvaluation(
    Backend backend, Convolution[] convolutions, Preactivation[] preactivations, ElementType type)
{
    // Of the input of each convolution but the first, pre-activated.
    private readonly PlaneWindow[] _windows = new PlaneWindow[convolutions.Length];
    private readonly int _lag = convolutions.Sum(convolution => convolution.Reach);
    private Planes _x;
    private Planes _z;
    private int _slab;
    private int _end; // of the planes of x that were looked at

    /// <summary>Type of <see cref="Z"/>.</summary>
    public ElementType Type => type;

    /// <summary>
    /// The slab of z(x) = F(x) / ŝ; valid until <see cref="Next"/>.
    /// </summary>
    public Tensor Z => _z[_z.Inside];

    /// <summary>The planes of an activation in the place of <see cref="Z"/>.</summary>
    public Tensor Of(Planes activation) => activation[_z.Inside];

    /// <summary>
    /// Begins, before the first of the slabs of <paramref name="slab"/> planes.
    /// </summary>
    public void Begin(Planes x, int slab)
    {
        (_x, _z, _slab, _end) = (x, default, slab, 0);
        for (int j = 1; j < convolutions.Length; j++)
        {
            Shape sample = x.Tensor.Shape.WithChannels(convolutions[j].Sample.Input.Channels);
            _windows[j] = new PlaneWindow(backend, sample, type, slab, 2 * convolutions[j].Reach);
        }
    }

    /// <summary>
    /// Goes on to the next slab; false, with all memory freed, when there is none.
    /// </summary>
    public bool Next()
    {
        FreeZ();
        while (_end - _lag < _x.Depth)
        {
            Compute();
            if (!_z.Inside.IsEmpty)
            {
                return true;
            }
            // The first slabs may lie before the sample.
            FreeZ();
        }
        for (int j = 1; j < _windows.Length; j++)
        {
            _windows[j].Free();
        }
        foreach (Convolution convolution in convolutions)
        {
            if (convolution.Sample.Type != type)
            {
                convolution.Slabs(_slab, type).Release();
            }
        }
        return false;
    }

    private void Compute()
    {
        _end += _slab;
        int reach = convolutions[0].Reach, end = _end - reach;
        Planes p = preactivations[0].Forward(_x, new PlaneRun(end - _slab - reach, _end), type);
        for (int j = 1; j < convolutions.Length; j++)
        {
            _windows[j].Advance(end);
            Planes slab = _windows[j].Newest;
            convolutions[j - 1].Slabs(_slab, type).Forward(p.Tensor, slab.Tensor);
            if (j == 1)
            {
                backend.Memory.Free(p.Tensor);
            }
            preactivations[j].Forward(slab, slab);
            p = _windows[j].All;
            end -= convolutions[j].Reach;
        }
        _z = Planes.Allocate(backend, _x.Tensor.Shape, type, new PlaneRun(end - _slab, end));
        convolutions[^1].Slabs(_slab, type).Forward(p.Tensor, _z.Tensor);
    }

    private void FreeZ()
    {
        if (!_z.Tensor.IsEmpty)
        {
            backend.Memory.Free(_z.Tensor);
            _z = default;
        }
    }
}
