using RevUp.Backends;
using RevUp.Backends.Cpu;
using RevUp.Tensors;

namespace RevUp.Benchmarks.Operations;

/// <summary>
/// Operands of one benchmarked operation: up to four large tensors for the backend, their copies
/// for the float64 twin, and small ones.
/// </summary>
public sealed unsafe class PointwiseBuffers : IDisposable
{
    // The copy beside the operation with the most traffic, seven tensors, needs as much.
    private const int Floats = 7;
    private const int Doubles = 4;

    // One array of as many numbers as a tensor has channels for each: mean, variance, weight, bias
    // and the gradients of the last two.
    private const int ChannelArrays = 6;

    private readonly Tensor _floats;
    private readonly Tensor _doubles;
    private readonly Tensor _channels;
    private readonly Tensor _doubleChannels;
    private readonly Tensor _doubleSteps;
    private readonly Tensor _optimizer;

    /// <summary>
    /// Allocates everything. The large tensors get numbers drawn from N(0, 1), but for number
    /// <see cref="Positive"/>, which like all that belongs to channels is full of ones.
    /// </summary>
    public PointwiseBuffers()
    {
        const int Channels = OperationSizes.Channels;
        Backend = new CpuBackend();
        _floats = Allocate(Floats * Count, ElementType.Float32);
        _doubles = Allocate(Doubles * Count, ElementType.Float64);
        _channels = Allocate(ChannelArrays * Channels, ElementType.Float32);
        _doubleChannels = Allocate(ChannelArrays * Channels, ElementType.Float64);
        _doubleSteps = Allocate(OperationSizes.Batch * Channels, ElementType.Float64);
        Steps = Allocate(OperationSizes.Batch * Channels, ElementType.BFloat16);
        Scalar = Allocate(1, ElementType.Float32);
        Sums = Allocate(2, ElementType.Float32);
        Statistics = Allocate(2, ElementType.Float64);
        _optimizer = Allocate(OptimizerNumbers.Length(groups: 1), ElementType.Float64);
        Backend.Fill(Scalar, 0.1f);
        Backend.Fill(Sums, 0);
        Draw();
        Backend.Fill(Tensor(Positive), 1);
        Backend.Fill(_channels, 1);
        Backend.Cast(Tensor(Positive).Slice(0, Steps.Shape), Steps);
        foreach (Tensor ones in
            (Tensor[])[_doubles.Slice((long)Positive * Count, new Shape(Count)), _doubleChannels, _doubleSteps])
        {
            new Span<double>((void*)ones.Address, (int)ones.Count).Fill(1);
        }
    }

    /// <summary>The number of the large tensor that is full of ones.</summary>
    public const int Positive = 3;

    private static int Count => OperationSizes.Count;

    /// <summary>The backend, on all processors.</summary>
    public CpuBackend Backend { get; }

    /// <summary>0.1.</summary>
    public Tensor Scalar { get; }

    /// <summary>Two float32 results.</summary>
    public Tensor Sums { get; }

    /// <summary>The quantiser's step of every sample and channel, bfloat16: ones.</summary>
    public Tensor Steps { get; }

    /// <summary>The steps, for the twin.</summary>
    public double* DoubleSteps => (double*)_doubleSteps.Address;

    /// <summary>Array <paramref name="index"/> of one number per channel.</summary>
    public Tensor Channels(int index) =>
        _channels.Slice((long)index * OperationSizes.Channels, new Shape(OperationSizes.Channels));

    /// <summary>The twin's array <paramref name="index"/> of one number per channel.</summary>
    public double* DoubleChannels(int index) => (double*)_doubleChannels.Address + index * OperationSizes.Channels;

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
    internal Tensor OptimizerSettings(OptimizerNumbers numbers, GroupNumbers group)
    {
        Span<double> values = stackalloc double[(int)_optimizer.Count];
        OptimizerNumbers.Write(numbers, [group], values);
        Backend.Upload<double>(values, _optimizer);
        return _optimizer;
    }

    /// <summary>
    /// Copies so that as many bytes are read and written together as an operation that moves
    /// <paramref name="tensors"/> large tensors does.
    /// </summary>
    public void Copy(double tensors)
    {
        Shape half = new((int)(tensors * Count / 2));
        Backend.Cast(_floats.Slice(0, half), _floats.Slice(half.Count, half));
    }

    /// <summary>Frees the memory.</summary>
    public void Dispose() => Backend.Dispose();

    private Tensor Allocate(int count, ElementType type) =>
        Backend.Memory.Allocate(new Shape(count), type, MemoryPurpose.Workspace);

    private void Draw()
    {
        // Divides every tensor's length.
        float[] floats = new float[1 << 17];
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
