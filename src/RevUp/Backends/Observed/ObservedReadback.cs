using RevUp.Tensors;

namespace RevUp.Backends.Observed;

/// <summary>Results of another backend, with copies that an observer hears of.</summary>
internal sealed class ObservedReadback(
    Backend backend, Readback inner, OperationObserver observer) : Readback(backend, inner.Count)
{
    public override bool IsThere => inner.IsThere;

    public override void Copy(Tensor source, int offset)
    {
        observer.BeginCopy("copy to the host", source.Bytes);
        inner.Copy(source, offset);
        observer.End();
    }

    public override void Mark() => inner.Mark();

    public override ReadOnlySpan<double> Wait() => inner.Wait();

    protected override void Close(Arena memory) => inner.Dispose();
}
