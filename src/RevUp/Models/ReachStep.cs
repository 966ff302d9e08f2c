namespace RevUp.Models;

/// <summary>Places that one layer looks at, along one axis.</summary>
/// <param name="Kernel">k, places under the kernel.</param>
/// <param name="Stride">s, from one place of the coarser side to the next.</param>
/// <param name="Padding">p.</param>
/// <param name="IsTransposed">
/// False: output i sees the inputs from i·s − p to i·s − p + k − 1. True: input i reaches these
/// outputs.
/// </param>
/// <param name="Skip">
/// The skip connection that begins with the layer's input or ends in its output; null for none.
/// </param>
internal readonly record struct ReachStep(
    int Kernel, int Stride, int Padding, bool IsTransposed = false, object? Skip = null)
{
    /// <summary>The first input and the end of the inputs that the outputs of a run need.</summary>
    /// <param name="first">The run's first output.</param>
    /// <param name="end">Behind its last output.</param>
    public (int First, int End) Needed(int first, int end) => IsTransposed
        ? (-Floor(Kernel - 1 - Padding - first), Floor(end - 1 + Padding) + 1)
        : (first * Stride - Padding, (end - 1) * Stride - Padding + Kernel);

    private int Floor(int place) => (int)Math.Floor((double)place / Stride);
}
