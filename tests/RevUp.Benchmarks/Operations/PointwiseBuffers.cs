using RevUp.Backends;
using RevUp.Backends.Cpu;
using RevUp.Randomness;
using RevUp.Tensors;

namespace RevUp.Benchmarks.Operations;

/// <summary>What one benchmarked operation works on: up to four large tensors for the backend, the same for its float64 twin, and small ones.</summary>
public sealed unsafe class PointwiseBuffers : IDisposable
{
    /// <summary>Elements of a tensor: 64 MiB in float32, so that two of them are far beyond every cache.</summary>
    public const int Count = 1 << 24;

    // The copy beside the operation with the most traffic, five tensors, needs as much.
    private const int Floats = 5;
    private const int Doubles = 4;

    private readonly Tensor _floats;
    private readonly Tensor _doubles;
    private readonly Tensor _optimizer;

    /// <summary>Allocates and fills everything with numbers drawn from N(0, 1).</summary>
    public PointwiseBuffers()
    {
        Backend = new CpuBackend();
        _floats = Backend.Memory.Allocate(new Shape(Floats * Count), ElementType.Float32, MemoryPurpose.Workspace);
        _doubles = Backend.Memory.Allocate(new Shape(Doubles * Count), ElementType.Float64, MemoryPurpose.Workspace);
        Scalar = Backend.Memory.Allocate(new Shape(1), ElementType.Float32, MemoryPurpose.Workspace);
        Sums = Backend.Memory.Allocate(new Shape(2), ElementType.Float32, MemoryPurpose.Workspace);
        Statistics = Backend.Memory.Allocate(new Shape(2), ElementType.Float64, MemoryPurpose.Workspace);
        _optimizer = Backend.Memory.Allocate(new Shape(OptimizerNumbers.Length(groups: 1)), ElementType.Float64, MemoryPurpose.Workspace);
        Backend.Fill(Scalar, 0.1f);
        Backend.Fill(Sums, 0);
        Draw();
    }

    /// <summary>The backend, on all processors.</summary>
    public CpuBackend Backend { get; }

    /// <summary>0.1.</summary>
    public Tensor Scalar { get; }

    /// <summary>Two float32 results.</summary>
    public Tensor Sums { get; }

    /// <summary>Two float64 results.</summary>
    public Tensor Statistics { get; }

    /// <summary>The float64 results, for the twin.</summary>
    public double* Results => (double*)Statistics.Address;

    /// <summary>Large tensor <paramref name="index"/>.</summary>
    public Tensor Tensor(int index) => _floats.Slice((long)index * Count, new Shape(Count));

    /// <summary>Large tensor <paramref name="index"/> under a shape of as many elements.</summary>
    public Tensor Tensor(int index, Shape shape) => Tensor(index).Reshape(shape);

    /// <summary>The twin's large tensor <paramref name="index"/>.</summary>
    public double* Double(int index) => (double*)_doubles.Address + (long)index * Count;

    /// <summary>The settings of an optimiser with one parameter group.</summary>
    public Tensor OptimizerSettings(OptimizerNumbers numbers, GroupNumbers group)
    {
        Span<double> values = stackalloc double[(int)_optimizer.Count];
        OptimizerNumbers.Write(numbers, [group], values);
        Backend.Upload<double>(values, _optimizer);
        return _optimizer;
    }

    /// <summary>Copies so that as many bytes are read and written together as an operation that moves <paramref name="tensors"/> large tensors does.</summary>
    public void Copy(int tensors)
    {
        Shape half = new(tensors * Count / 2);
        Backend.Cast(_floats.Slice(0, half), _floats.Slice(half.Count, half));
    }

    /// <summary>Frees the memory.</summary>
    public void Dispose() => Backend.Dispose();

    private void Draw()
    {
        float[] floats = new float[1 << 20];
        CounterRandom random = new(seed: 1, stream: 0, index: 0);
        foreach (ref float value in floats.AsSpan())
        {
            value = random.NextNormal();
        }
        double[] doubles = [.. floats.Select(value => (double)value)];
        Shape piece = new(floats.Length);
        for (long offset = 0; offset < _floats.Count; offset += piece.Count)
        {
            Backend.Upload<float>(floats, _floats.Slice(offset, piece));
        }
        for (long offset = 0; offset < _doubles.Count; offset += piece.Count)
        {
            Backend.Upload<double>(doubles, _doubles.Slice(offset, piece));
        }
    }
}
