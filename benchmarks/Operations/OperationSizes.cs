namespace RevUp.Benchmarks.Operations;

/// <summary>
/// How large the operands are. BenchmarkDotNet makes the benchmarks itself, so that what a study
/// chose for them is static.
/// </summary>
public static class OperationSizes
{
    /// <summary>
    /// Samples of a large tensor and of a convolution: 128, or 1 to see only that everything works.
    /// </summary>
    public static int Batch { get; set; } = 128;

    /// <summary>
    /// Elements of a large tensor: of 128 samples 64 MiB in float32, so that two of them are far
    /// beyond every cache.
    /// </summary>
    public static int Count => Batch * 32 * 32 * Channels;

    /// <summary>Channels of a large tensor where an operation has channels.</summary>
    public const int Channels = 128;
}
