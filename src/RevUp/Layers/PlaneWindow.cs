using RevUp.Backends;
using RevUp.Tensors;

namespace RevUp.Layers;

/// <summary>
/// The last planes of a sample that passes by slab after slab: the newest slab, and as many planes
/// before it as a kernel reaches. Planes before the sample are zero.
/// </summary>
internal struct PlaneWindow
{
    private readonly Backend _backend;
    private readonly Tensor _memory;
    private readonly int _slab;
    private readonly int _depth;
    private int _end;

    /// <param name="backend">The device.</param>
    /// <param name="sample">Shape of the sample: [1, (D), H, W, C].</param>
    /// <param name="type">Type of the elements.</param>
    /// <param name="slab">Planes of a slab.</param>
    /// <param name="history">Planes before it.</param>
    public PlaneWindow(Backend backend, Shape sample, ElementType type, int slab, int history)
    {
        (_backend, _slab, _depth) = (backend, slab, sample.Extent(0));
        _memory = backend.Memory.Allocate(sample.With(1, slab + history), type, MemoryPurpose.Activations);
        backend.Fill(_memory.AsFloats(), 0);
    }

    /// <summary>All planes.</summary>
    public readonly Planes All => new(_memory, _end - _memory.Shape.Extent(0), _depth);

    /// <summary>The newest slab.</summary>
    public readonly Planes Newest => new(All[new PlaneRun(_end - _slab, _end)], _end - _slab, _depth);

    /// <summary>
    /// Makes room for the slab that ends before plane <paramref name="end"/>; its content is
    /// undefined.
    /// </summary>
    public void Advance(int end)
    {
        Planes all = All;
        int history = all.Run.Count - _slab;
        // Source and target of each copy lie apart.
        for (int i = 0; i < history; i += _slab)
        {
            int from = all.First + i, count = Math.Min(_slab, history - i);
            _backend.Cast(
                all[new PlaneRun(from + _slab, from + _slab + count)], all[new PlaneRun(from, from + count)]);
        }
        _end = end;
    }

    /// <summary>Frees the planes.</summary>
    public void Free()
    {
        _backend.Memory.Free(_memory);
        this = default;
    }
}
