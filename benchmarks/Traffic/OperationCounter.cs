using RevUp.Backends;
using RevUp.Tensors;

namespace RevUp.Benchmarks.Traffic;

/// <summary>
/// Bytes and processor time of operations by name, on a device whose operations are complete when
/// they return, in a process that does nothing else. Time that other processes take is not in it,
/// but the share of caches and memory that they take is. Processor time is divided by the threads
/// that share the work.
/// </summary>
internal class OperationCounter(int threads)
{
    private readonly Dictionary<string, OperationTotal> _totals = new(StringComparer.Ordinal);

    /// <summary>Counts since the last <see cref="Reset"/>.</summary>
    public IReadOnlyDictionary<string, OperationTotal> Totals => _totals;

    /// <summary>Forgets everything.</summary>
    public void Reset() => _totals.Clear();

    /// <summary>
    /// Does and counts one operation; empty tensors count as nothing, a tensor that is read and
    /// written as two operands.
    /// </summary>
    public void Count(string name, Action work, ReadOnlySpan<Tensor> operands) =>
        Count(name, work, operands, operations: 0);

    /// <summary>
    /// The same for a pass of a convolution. Convolutions of one sample are power iteration's.
    /// </summary>
    public virtual void CountPass(
        string pass, ConvolutionGeometry geometry, Action work, ReadOnlySpan<Tensor> operands, double operations) =>
        Count(
            geometry.Input.Batch == 1 ? "power iteration and its gradient" : $"convolution, {pass}", work, operands,
            operations);

    /// <summary>A copy between the host and the device; not counted as an operation.</summary>
    public virtual void CountCopy(long bytes)
    {
    }

    /// <summary>The same for an operation that is bound by arithmetic.</summary>
    public virtual void Count(string name, Action work, ReadOnlySpan<Tensor> operands, double operations)
    {
        TimeSpan start = Environment.CpuUsage.TotalTime;
        work();
        double milliseconds = (Environment.CpuUsage.TotalTime - start).TotalMilliseconds / threads;
        long bytes = 0;
        foreach (Tensor operand in operands)
        {
            bytes += operand.IsEmpty ? 0 : operand.Bytes;
        }
        _totals[name] = _totals.GetValueOrDefault(name) + new OperationTotal(1, bytes, operations, milliseconds);
    }
}
