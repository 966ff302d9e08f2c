using RevUp.Interop.Nvtx;
using RevUp.Tensors;

namespace RevUp.Backends.Observed;

/// <summary>
/// Another backend whose operations an observer hears of. It opens ranges on every device, so that
/// <see cref="NvtxRange.Path"/> tells where in a step an operation is. RevUp.Operations writes the
/// operations. The other backend belongs to the caller, and its memory closes with this one.
/// </summary>
internal sealed partial class ObservedBackend(Backend inner, OperationObserver observer) : Backend
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

    internal override NvtxRange Range(NvtxName name, long bytes = -1) => NvtxRange.Open(name, bytes);

    internal override DeviceClock CreateClock() => inner.CreateClock();

    internal override long Launches => inner.Launches;

    internal override Readback CreateReadback(int count) =>
        new ObservedReadback(this, inner.CreateReadback(count), observer);

    public override void Upload<T>(ReadOnlySpan<T> source, Tensor destination)
    {
        observer.BeginCopy("copy to the device", destination.Bytes);
        inner.Upload(source, destination);
        observer.End();
    }

    public override void Download<T>(Tensor source, Span<T> destination) => inner.Download(source, destination);

    public override void Stage<T>(ReadOnlySpan<T> source, Tensor destination)
    {
        observer.BeginCopy("copy of the next batch", destination.Bytes);
        inner.Stage(source, destination);
        observer.End();
    }

    public override void ReceiveStaged() => inner.ReceiveStaged();

    public override void ReleaseStaged() => inner.ReleaseStaged();

    private protected override ConvolutionPlan CreateConvolution(ConvolutionGeometry geometry) =>
        new ObservedConvolution(inner.Convolution(geometry), observer);
}
