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

/// <summary>One pass of a 3×3 convolution of C to C channels on N × E × E positions.</summary>
public sealed record ConvolutionPass(ConvolutionDirection Direction, int Channels, int Extent, ElementType Type)
{
    private const int Kernel = 3;

    /// <summary>N of the fast version.</summary>
    public const int Batch = 128;

    /// <summary>N of the naive twin, whose rate does not depend on it.</summary>
    public const int NaiveBatch = 1;

    /// <summary>All passes at the widths and extents of the CIFAR stages, in the types that this processor has.</summary>
    public static IReadOnlyList<ConvolutionPass> All { get; } = [.. Create()];

    /// <summary>N × E × E × C.</summary>
    public Shape Activation(int batch) => new(batch, Extent, Extent, Channels);

    /// <summary>Multiplications and additions.</summary>
    public double Operations(int batch) => 2.0 * Kernel * Kernel * Channels * Activation(batch).Count;

    /// <inheritdoc/>
    public override string ToString() => $"{Direction} {Channels}@{Extent}² {Type}".ToLowerInvariant();

    private static IEnumerable<ConvolutionPass> Create()
    {
        using CpuBackend backend = new();
        foreach (ElementType type in (ElementType[])[ElementType.Float32, ElementType.BFloat16])
        {
            foreach ((int channels, int extent) in backend.Supports(type) ? ((int, int)[])[(64, 32), (128, 16), (256, 8)] : [])
            {
                foreach (ConvolutionDirection direction in Enum.GetValues<ConvolutionDirection>())
                {
                    yield return new ConvolutionPass(direction, channels, extent, type);
                }
            }
        }
    }
}
