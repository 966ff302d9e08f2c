using RevUp.Tensors;

namespace RevUp.Backends;

/// <summary>
/// Planes of one sample along the outermost axis (D in 3-D, H in 2-D). Activations are
/// channels-last, so a run of planes is contiguous, and a view.
/// </summary>
/// <param name="Tensor">[1, planes, (H), W, C].</param>
/// <param name="First">Number of its first plane.</param>
/// <param name="Depth">Planes of the whole sample.</param>
internal readonly record struct Planes(Tensor Tensor, int First, int Depth)
{
    /// <summary>The numbers of all planes.</summary>
    public PlaneRun Run => new(First, First + Tensor.Shape.Extent(0));

    /// <summary>The numbers of the planes that are no padding.</summary>
    public PlaneRun Inside => Run.Within(Depth);

    /// <summary>A run of planes, as a view.</summary>
    public Tensor this[PlaneRun run] => Tensor.Slice(
        (run.First - First) * Elements(Tensor.Shape), Tensor.Shape.With(1, run.Count));

    /// <summary>Sample <paramref name="index"/> of a batch.</summary>
    public static Planes Of(Tensor batch, int index)
    {
        Shape sample = batch.Shape.WithBatch(1);
        return new Planes(batch.Slice(index * sample.Count, sample), First: 0, sample.Extent(0));
    }

    /// <summary>
    /// Room for a run of planes of a sample with the extents of <paramref name="sample"/>; its
    /// content is undefined.
    /// </summary>
    public static Planes Allocate(Backend backend, Shape sample, ElementType type, PlaneRun run)
    {
        Tensor tensor = backend.Memory.Allocate(sample.With(1, run.Count), type, MemoryPurpose.Activations);
        return new Planes(tensor, run.First, sample.Extent(0));
    }

    /// <summary>Elements of one plane.</summary>
    public static long Elements(Shape sample) => sample.Count / sample.Batch / sample.Extent(0);

    /// <summary>
    /// Planes of a slab, where about <paramref name="planes"/> of a sample are wanted: at least
    /// one, and 0 for no slabs where that is all.
    /// </summary>
    public static int Slab(long planes, Shape sample) =>
        planes >= sample.Extent(0) || sample.Extent(0) == 1 ? 0 : (int)Math.Max(1, planes);

    /// <summary>
    /// Whether every plane of a sample begins where a tensor may begin: at a multiple of
    /// <see cref="Arena.Alignment"/>.
    /// </summary>
    public static bool AreAligned(Shape sample, ElementType type) =>
        Elements(sample) * type.Size() % Arena.Alignment == 0;

    /// <summary>
    /// A run of planes in a type, with zeros for padding: a view where possible, or else a new
    /// tensor, which <see cref="Release"/> frees.
    /// </summary>
    public Planes Padded(Backend backend, PlaneRun run, ElementType type)
    {
        if (run == run.Within(Depth) && type == Tensor.Type)
        {
            return new Planes(this[run], run.First, Depth);
        }
        Planes copy = Allocate(backend, Tensor.Shape.With(1, Depth), type, run);
        PlaneRun inside = copy.Inside;
        if (!inside.IsEmpty)
        {
            backend.Cast(this[inside], copy[inside]);
        }
        copy.ClearPadding(backend);
        return copy;
    }

    /// <summary>Frees what <see cref="Padded"/> has allocated for these planes.</summary>
    public void Release(Backend backend, Planes padded)
    {
        if (padded.Tensor.Type != Tensor.Type || padded.Run != padded.Inside)
        {
            backend.Memory.Free(padded.Tensor);
        }
    }

    /// <summary>
    /// Room for a run of planes in a type: these planes themselves where possible, or else a new
    /// tensor, which <see cref="Fill"/> copies into them and frees.
    /// </summary>
    public Planes Place(Backend backend, PlaneRun run, ElementType type) =>
        type == Tensor.Type
            ? new Planes(this[run], run.First, Depth)
            : Allocate(backend, Tensor.Shape.With(1, Depth), type, run);

    /// <summary>Ends the writing of planes that <see cref="Place"/> has given.</summary>
    public void Fill(Backend backend, Planes placed)
    {
        if (placed.Tensor.Type != Tensor.Type)
        {
            backend.Cast(placed.Tensor, this[placed.Run]);
            backend.Memory.Free(placed.Tensor);
        }
    }

    /// <summary>Makes padding zero.</summary>
    public void ClearPadding(Backend backend)
    {
        PlaneRun inside = Inside;
        Clear(backend, inside.IsEmpty ? Run : new PlaneRun(First, inside.First));
        Clear(backend, inside.IsEmpty ? default : new PlaneRun(inside.End, Run.End));
    }

    private void Clear(Backend backend, PlaneRun run)
    {
        if (!run.IsEmpty)
        {
            backend.Fill(this[run].AsFloats(), 0);
        }
    }
}
