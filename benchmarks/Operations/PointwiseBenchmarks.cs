using BenchmarkDotNet.Attributes;

namespace RevUp.Benchmarks.Operations;

/// <summary>Every pointwise operation, its naive twin, and a copy of the same bytes.</summary>
public class PointwiseBenchmarks : IDisposable
{
    private PointwiseBuffers? _buffers;

    /// <summary>All operations.</summary>
    public static IEnumerable<PointwiseOperation> Operations => PointwiseOperation.All;

    /// <summary>The operation measured.</summary>
    [ParamsSource(nameof(Operations))]
    public PointwiseOperation Operation { get; set; } = PointwiseOperation.All[0];

    /// <summary>Allocates.</summary>
    [GlobalSetup]
    public void SetUp()
    {
        Report.Progress($"{Operation} ...");
        _buffers = new PointwiseBuffers();
    }

    /// <summary>Frees.</summary>
    [GlobalCleanup]
    public void Dispose() => _buffers?.Dispose();

    /// <summary>The backend's.</summary>
    [Benchmark]
    public void Fast() => Operation.Fast(_buffers!);

    /// <summary>The twin.</summary>
    [Benchmark]
    public void Naive() => Operation.Naive(_buffers!);

    /// <summary>As many bytes, copied.</summary>
    [Benchmark]
    public void Copy() => _buffers!.Copy(Operation.Traffic);
}
