using RevUp.Backends;
using RevUp.Tensors;

namespace RevUp.Benchmarks.Kernels;

/// <summary>
/// Tensors of one length that the operations of <see cref="KernelOperation"/> read and write, in
/// both storage types, and small ones.
/// </summary>
internal sealed class KernelBuffers
{
    /// <summary>Elements of one sample of the shapes below; a length is a multiple of it.</summary>
    public const int Sample = 16 * 16 * 64;

    private const int Large = 4;

    // Of a segmentation.
    private const int Classes = 4;

    private static readonly OptimizerNumbers s_optimizer = new(
        GradientScale: 1, Skip: 0, Momentum: 0.9, Nesterov: 1, Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-8,
        Correction1: 0.1, Correction2: 0.001);

    private readonly Tensor[] _float32;
    private readonly Tensor[] _bfloat16;

    /// <summary>
    /// Allocates everything from the backend's arena, which frees it, and draws the large tensors
    /// from N(0, 1).
    /// </summary>
    /// <param name="backend">The device.</param>
    /// <param name="count">Elements of a large tensor, a multiple of <see cref="Sample"/>.</param>
    public KernelBuffers(Backend backend, int count)
    {
        Backend = backend;
        Count = count;
        _float32 = [.. Enumerable.Range(0, Large).Select(_ => Allocate(new Shape(count), ElementType.Float32))];
        _bfloat16 = [.. Enumerable.Range(0, Large).Select(_ => Allocate(new Shape(count), ElementType.BFloat16))];
        Scalar = Allocate(new Shape(1), ElementType.Float32);
        Sums = Allocate(new Shape(2), ElementType.Float32);
        Statistics = Allocate(new Shape(2), ElementType.Float64);
        Optimizer = Allocate(new Shape(OptimizerNumbers.Length(groups: 1)), ElementType.Float64);
        Pooled = Allocate(new Shape(count / Sample, 64), ElementType.Float32);
        Steps = Allocate(Pooled.Shape, ElementType.BFloat16);
        Voxels = new Shape(2, count / 2 / Classes, Classes);
        Labels = Allocate(new Shape(2, count / 2 / Classes), ElementType.UInt16);
        Totals = Allocate(new Shape(2, 4), ElementType.Float64);
        Overlaps = Allocate(new Shape(2, 3, Classes), ElementType.Float64);
        Factors = Allocate(Overlaps.Shape, ElementType.Float32);
        backend.Upload<ushort>(
            [.. Enumerable.Range(0, (int)Labels.Count).Select(i => (ushort)(i % Classes))], Labels);
        backend.Fill(Factors, 1e-6f);
        backend.Fill(Scalar, 0.1f);
        backend.Fill(Sums, 0);
        Span<double> numbers = stackalloc double[(int)Optimizer.Count];
        OptimizerNumbers.Write(s_optimizer, [new GroupNumbers(count, LearningRate: 1e-3, WeightDecay: 5e-4)], numbers);
        backend.Upload<double>(numbers, Optimizer);
        Draw();
    }

    /// <summary>The device.</summary>
    public Backend Backend { get; }

    /// <summary>Elements of a large tensor.</summary>
    public int Count { get; }

    /// <summary>0.1.</summary>
    public Tensor Scalar { get; }

    /// <summary>Two float32 results.</summary>
    public Tensor Sums { get; }

    /// <summary>Two float64 results.</summary>
    public Tensor Statistics { get; }

    /// <summary>
    /// <see cref="OptimizerNumbers"/> with one parameter group, for either optimiser.
    /// </summary>
    public Tensor Optimizer { get; }

    /// <summary>The steps of quantised differences: [samples, 64].</summary>
    public Tensor Steps { get; }

    /// <summary>[N, 64]: the means of the positions of a large tensor.</summary>
    public Tensor Pooled { get; }

    /// <summary>[N, 16, 16, 64].</summary>
    public Shape Wide => new(Count / Sample, 16, 16, 64);

    /// <summary>[N, 8, 8, 256]: squeezed.</summary>
    public Shape Squeezed => new(Count / Sample, 8, 8, 256);

    /// <summary>[N, 8, 8, 64]: pooled by halves.</summary>
    public Shape Halved => new(Count / Sample, 8, 8, 64);

    /// <summary>[2, positions, 4]: logits of a segmentation.</summary>
    public Shape Voxels { get; }

    /// <summary>A label of each position.</summary>
    public Tensor Labels { get; }

    /// <summary>Totals of a voxel loss.</summary>
    public Tensor Totals { get; }

    /// <summary>Overlaps of a voxel loss.</summary>
    public Tensor Overlaps { get; }

    /// <summary>Factors of a voxel loss.</summary>
    public Tensor Factors { get; }

    /// <summary>[N, 16, 16, 32]: half of the channels.</summary>
    public Shape Half => new(Count / Sample, 16, 16, 32);

    /// <summary>[N, 16, 16, 48]: with a quarter of the channels dropped.</summary>
    public Shape Narrow => new(Count / Sample, 16, 16, 48);

    /// <summary>Large tensor <paramref name="index"/>, 0 to 3, in a storage type.</summary>
    public Tensor Tensor(ElementType type, int index) => (type == ElementType.Float32 ? _float32 : _bfloat16)[index];

    /// <summary>
    /// Large float32 tensor <paramref name="index"/>, or the start of it, under a shape.
    /// </summary>
    public Tensor Tensor(int index, Shape shape) => _float32[index].Slice(0, shape);

    private Tensor Allocate(Shape shape, ElementType type) =>
        Backend.Memory.Allocate(shape, type, MemoryPurpose.Workspace);

    private void Draw()
    {
        float[] values = new float[Math.Min(Count, 1 << 20)];
        CounterRandom random = new(seed: 1, stream: 0, index: 0);
        foreach (ref float value in values.AsSpan())
        {
            value = random.NextNormal();
        }
        for (int index = 0; index < Large; index++)
        {
            for (int offset = 0; offset < Count; offset += values.Length)
            {
                Span<float> piece = values.AsSpan(0, Math.Min(values.Length, Count - offset));
                Backend.Upload<float>(piece, _float32[index].Slice(offset, new Shape(piece.Length)));
            }
            Backend.Cast(_float32[index], _bfloat16[index]);
        }
    }
}
