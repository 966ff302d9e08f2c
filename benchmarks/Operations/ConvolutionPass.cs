using RevUp.Backends.Cpu;
using RevUp.Tensors;

namespace RevUp.Benchmarks.Operations;

/// <summary>The three passes of a convolution.</summary>
public enum ConvolutionDirection
{
    /// <summary>y = w ∗ x.</summary>
    Fprop,

    /// <summary>dx = wᵀ ∗ dy.</summary>
    Dgrad,

    /// <summary>dw = the weights' gradient.</summary>
    Wgrad,
}

/// <summary>
/// One pass of a convolution of C to C channels on N × E × E positions, in storage type T; of a 1×1
/// kernel it is a product of matrices.
/// </summary>
public sealed record ConvolutionPass(
    ConvolutionDirection Direction, int Kernel, int Channels, int Extent, ElementType Type)
{
    /// <summary>N of the naive twin, whose rate does not depend on it.</summary>
    public const int NaiveBatch = 1;

    /// <summary>
    /// In the types that this processor has: a product of matrices, for the rate of arithmetic
    /// alone, and all passes at the widths and extents of the CIFAR stages.
    /// </summary>
    public static IReadOnlyList<ConvolutionPass> All { get; } = [.. Create()];

    /// <summary>Whether this is the product of matrices.</summary>
    public bool IsProduct => Kernel == 1;

    /// <summary>N of the fast version.</summary>
    public int Batch => IsProduct ? Math.Max(1, OperationSizes.Batch / 16) : OperationSizes.Batch;

    /// <summary>N × E × E × C.</summary>
    public Shape Activation(int batch) => new(batch, Extent, Extent, Channels);

    /// <summary>Multiplications and additions.</summary>
    public double Operations(int batch) => 2.0 * Kernel * Kernel * Channels * Activation(batch).Count;

    /// <inheritdoc/>
    public override string ToString() => IsProduct
        ? $"product {Batch * Extent * Extent}×{Channels} · {Channels}×{Channels} {Type}".ToLowerInvariant()
        : $"{Direction} {Channels}@{Extent}² {Type}".ToLowerInvariant();

    private static IEnumerable<ConvolutionPass> Create()
    {
        using CpuBackend backend = new();
        foreach (ElementType type in
            ((ElementType[])[ElementType.Float32, ElementType.BFloat16]).Where(backend.Supports))
        {
            yield return new ConvolutionPass(ConvolutionDirection.Fprop, Kernel: 1, Channels: 512, Extent: 16, type);
            foreach ((int channels, int extent) in ((int, int)[])[(64, 32), (128, 16), (256, 8)])
            {
                foreach (ConvolutionDirection direction in Enum.GetValues<ConvolutionDirection>())
                {
                    yield return new ConvolutionPass(direction, Kernel: 3, channels, extent, type);
                }
            }
        }
    }
}
