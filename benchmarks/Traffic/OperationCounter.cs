using RevUp.Backends;
using RevUp.Backends.Observed;
using RevUp.Tensors;

namespace RevUp.Benchmarks.Traffic;

/// <summary>
/// Bytes and processor time of operations by name, on a device whose operations are complete when
/// they return, in a process that does nothing else. Time that other processes take is not in it,
/// but the share of caches and memory that they take is. Processor time is divided by the threads
/// that share the work.
/// </summary>
internal sealed class OperationCounter(int threads) : OperationObserver
{
    private readonly Dictionary<string, OperationTotal> _totals = new(StringComparer.Ordinal);
    private (string Name, long Bytes, double Products) _operation;
    private TimeSpan _start;

    /// <summary>Counts since the last <see cref="Reset"/>.</summary>
    public IReadOnlyDictionary<string, OperationTotal> Totals => _totals;

    /// <summary>Forgets everything.</summary>
    public void Reset() => _totals.Clear();

    /// <inheritdoc/>
    public override void Begin(string name, ReadOnlySpan<Tensor> operands, double products)
    {
        _operation = (name, Bytes(operands), products);
        _start = Environment.CpuUsage.TotalTime;
    }

    /// <summary>Convolutions of one sample are power iteration's.</summary>
    public override void BeginPass(
        string pass, ConvolutionGeometry geometry, ReadOnlySpan<Tensor> operands, double products) =>
        Begin(
            geometry.Input.Batch == 1 ? "power iteration and its gradient" : $"convolution, {pass}", operands,
            products);

    /// <summary>Copies are not counted.</summary>
    public override void BeginCopy(string name, long bytes) => _operation = default;

    /// <inheritdoc/>
    public override void End()
    {
        if (_operation.Name is { } name)
        {
            double milliseconds = (Environment.CpuUsage.TotalTime - _start).TotalMilliseconds / threads;
            OperationTotal call = new(1, _operation.Bytes, _operation.Products, milliseconds);
            _totals[name] = _totals.GetValueOrDefault(name) + call;
        }
    }
}
