using RevUp.Tensors;

namespace RevUp.Backends;

/// <summary>The results of a device that is done when an operation returns.</summary>
internal sealed class ImmediateReadback(Backend backend, int count) : Readback(backend, count)
{
    private readonly double[] _values = new double[count];

    public override bool IsThere => true;

    public override void Copy(Tensor source, int offset) =>
        Backend.Download(source, _values.AsSpan(offset, (int)source.Count));

    public override void Mark() => RequireOpen();

    public override ReadOnlySpan<double> Wait()
    {
        RequireOpen();
        return _values;
    }
}
