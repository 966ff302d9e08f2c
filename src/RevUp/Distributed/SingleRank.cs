using RevUp.Backends;
using RevUp.Interop.Posix;
using RevUp.Tensors;

namespace RevUp.Distributed;

/// <summary>One process: it has every part, and every sum is its own.</summary>
/// <param name="backend">A device that goes with it; null where any will do.</param>
internal sealed class SingleRank(Backend? backend = null) : Collective
{
    public override Backend? Backend => backend;

    public override int Rank => 0;

    public override int Size => 1;

    public override string Library => "";

    public override void Sum(Tensor values, string what)
    {
    }

    public override void Maximum(Span<double> numbers, string what)
    {
    }

    public override void Broadcast(Span<byte> bytes, int root, string what)
    {
    }

    public override void Broadcast(Tensor values, string what)
    {
    }

    public override void Gather(ReadOnlySpan<byte> own, Span<byte> all, string what) => own.CopyTo(all);

    public override void Exchange(Tensor parts, Tensor received, string what) => throw Needless();

    public override void Share(Tensor parts, string what)
    {
    }

    public override void Abort(int code) => ProcessEnd.Now(code);

    public override void Dispose() => backend?.Dispose();

    private static InvalidOperationException Needless() => new("One rank has nobody to exchange parts with.");
}
