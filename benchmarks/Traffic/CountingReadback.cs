using System.Runtime.InteropServices;
using RevUp.Backends;
using RevUp.Tensors;

namespace RevUp.Benchmarks.Traffic;

/// <summary>
/// Results of a device that is done when an operation returns, with their copies counted. A device
/// that computes nothing reports a step without a refused inversion.
/// </summary>
internal sealed class CountingReadback(Backend backend, int count, OperationCounter counter) : Readback(backend, count)
{
    private readonly double[] _values = new double[count];

    public override bool IsThere => true;

    public override void Copy(Tensor source, int offset)
    {
        counter.CountCopy(source.Bytes);
        Span<double> values = _values.AsSpan(offset, (int)source.Count);
        if (Backend.Computes)
        {
            Backend.Download(source, values);
        }
        else if (offset == 0)
        {
            StepOutcome outcome = new(0, 0, 0, 0, 0, RefusedBlock: -1);
            MemoryMarshal.Cast<double, StepOutcome>(values)[0] = outcome;
        }
    }

    public override void Mark() => RequireOpen();

    public override ReadOnlySpan<double> Wait()
    {
        RequireOpen();
        return _values;
    }
}
