using BenchmarkDotNet.Attributes;
using RevUp.Backends;
using RevUp.Backends.Cpu;
using RevUp.Interop.Cpu;
using RevUp.Tensors;

namespace RevUp.Benchmarks.Operations;

/// <summary>Every pass of a convolution and its naive twin.</summary>
public unsafe class ConvolutionBenchmarks : IDisposable
{
    private CpuBackend? _backend;
    private ConvolutionPlan? _plan;
    private Tensor _x;
    private Tensor _y;
    private Tensor _w;
    private Tensor _packed;
    private Tensor _naiveX;
    private Tensor _naiveY;
    private Tensor _naiveW;

    /// <summary>All passes.</summary>
    public static IEnumerable<ConvolutionPass> Passes => ConvolutionPass.All;

    /// <summary>The pass measured.</summary>
    [ParamsSource(nameof(Passes))]
    public ConvolutionPass Pass { get; set; } = ConvolutionPass.All[0];

    /// <summary>
    /// Allocates, with constant values: the time of a convolution does not depend on them.
    /// </summary>
    [GlobalSetup]
    public void SetUp()
    {
        Report.Progress($"{Pass} ...");
        _backend = new CpuBackend();
        ConvolutionGeometry geometry = new(
            Pass.Activation(Pass.Batch), Pass.Channels, Pass.Kernel, Stride: 1, Padding: Pass.Kernel / 2, Groups: 1,
            Pass.Type);
        _plan = _backend.Convolution(geometry);
        _x = Allocate(geometry.Input, Pass.Type, 1);
        _y = Allocate(geometry.Output, Pass.Type, 1);
        _w = Allocate(geometry.Weights, ElementType.Float32, 0.01f);
        _packed = _backend.Memory.Allocate(
            new Shape(checked((int)_plan.PackedBytes / sizeof(float))), ElementType.Float32, MemoryPurpose.Workspace);
        _plan.Pack(_w, default, _packed);
        _naiveX = Allocate(Pass.Activation(ConvolutionPass.NaiveBatch), ElementType.Float64, 1);
        _naiveY = Allocate(Pass.Activation(ConvolutionPass.NaiveBatch), ElementType.Float64, 1);
        _naiveW = Allocate(geometry.Weights, ElementType.Float64, 0.01f);
    }

    /// <summary>Frees.</summary>
    [GlobalCleanup]
    public void Dispose() => _backend?.Dispose();

    /// <summary>The backend's.</summary>
    [Benchmark]
    public void Fast()
    {
        switch (Pass.Direction)
        {
            case ConvolutionDirection.Fprop:
                _plan!.Forward(_x, _packed, _y);
                break;
            case ConvolutionDirection.Dgrad:
                _plan!.BackwardData(_y, _packed, _x);
                break;
            default:
                _plan!.BackwardWeights(_x, _y, _w);
                break;
        }
    }

    /// <summary>The twin, on a smaller batch.</summary>
    [Benchmark]
    public void Naive()
    {
        CpuConvolutionGeometry geometry = new()
        {
            Rank = 2,
            Batch = ConvolutionPass.NaiveBatch,
            InChannels = Pass.Channels,
            OutChannels = Pass.Channels,
            Groups = 1,
            Input = new Extents(Pass.Extent, Pass.Extent),
            Kernel = new Extents(Pass.Kernel, Pass.Kernel),
            Stride = new Extents(1, 1),
            Padding = new Extents(Pass.Kernel / 2, Pass.Kernel / 2),
        };
        double* x = (double*)_naiveX.Address, y = (double*)_naiveY.Address, w = (double*)_naiveW.Address;
        switch (Pass.Direction)
        {
            case ConvolutionDirection.Fprop:
                CpuReference.ConvolutionFprop(&geometry, x, w, y);
                break;
            case ConvolutionDirection.Dgrad:
                CpuReference.ConvolutionDgrad(&geometry, y, w, x);
                break;
            default:
                CpuReference.ConvolutionWgrad(&geometry, x, y, w);
                break;
        }
    }

    private Tensor Allocate(Shape shape, ElementType type, float value)
    {
        Arena memory = _backend!.Memory;
        Tensor tensor = memory.Allocate(shape, type, MemoryPurpose.Workspace);
        if (type == ElementType.Float64)
        {
            new Span<double>((void*)tensor.Address, (int)tensor.Count).Fill(value);
            return tensor;
        }
        Tensor source = memory.Allocate(shape, ElementType.Float32, MemoryPurpose.Workspace);
        _backend.Fill(source, value);
        _backend.Cast(source, tensor);
        memory.Free(source);
        return tensor;
    }
}
