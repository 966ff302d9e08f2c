using RevUp.Backends;
using RevUp.Interop.Nvtx;
using RevUp.Tensors;

namespace RevUp.Benchmarks.Traffic;

/// <summary>
/// Another backend whose operations are counted on their way. The bytes of each operand count once,
/// which an operation moves that is one pass over memory; an operand that is updated in place
/// counts twice. RevUp.Operations writes the operations. The backend belongs to the caller.
/// </summary>
internal sealed partial class CountingBackend(Backend inner, OperationCounter counter) : Backend
{
    public override string Name => inner.Name;

    public override string Description => inner.Description;

    public override Arena Memory => inner.Memory;

    public override bool Supports(ElementType type) => inner.Supports(type);

    public override bool Accelerates(ElementType type) => inner.Accelerates(type);

    public override bool IsAsynchronous => inner.IsAsynchronous;

    internal override bool Computes => inner.Computes;

    internal override bool HasTf32 => inner.HasTf32;

    internal override ElementType TransitionType(ElementType branch) => inner.TransitionType(branch);

    internal override bool KeepsPreactivations
    {
        get => inner.KeepsPreactivations;
        set => inner.KeepsPreactivations = value;
    }

    internal override NvtxRange Range(NvtxName name) => inner.Range(name);

    internal override Readback CreateReadback(int count) => new CountingReadback(this, count, counter);

    public override void Upload<T>(ReadOnlySpan<T> source, Tensor destination)
    {
        counter.CountCopy(destination.Bytes);
        inner.Upload(source, destination);
    }

    public override void Download<T>(Tensor source, Span<T> destination) => inner.Download(source, destination);

    private protected override ConvolutionPlan CreateConvolution(ConvolutionGeometry geometry) =>
        new CountingConvolution(inner.Convolution(geometry), counter);
}
