using RevUp.Tensors;

namespace RevUp.Backends;

/// <summary>
/// The end of a convolution's wgrad: gradient += factor · raw, dot = ⟨raw, W⟩.
/// </summary>
/// <param name="Raw">
/// wgrad's result: float32, or <see cref="Backend.GradientType"/> in a table.
/// </param>
/// <param name="Weight">W.</param>
/// <param name="Factor">A scalar, or empty for 1.</param>
/// <param name="Gradient">Of W, float32.</param>
/// <param name="Dot">A float64 scalar; may be empty.</param>
internal readonly record struct WeightGradient(Tensor Raw, Tensor Weight, Tensor Factor, Tensor Gradient, Tensor Dot)
    : IOperands
{
    /// <summary>Elements of a part, as native/cuda/weights.cu has them.</summary>
    public const int Part = 8192;

    /// <inheritdoc/>
    public static int Words => 7;

    /// <inheritdoc/>
    public static int Products => 1;

    /// <inheritdoc/>
    public long Parts(int product) => (Weight.Count + Part - 1) / Part;

    /// <inheritdoc/>
    public void Write(Span<long> words)
    {
        ReadOnlySpan<long> values =
        [
            Raw.Address, Weight.Address, Factor.Address, Gradient.Address, Dot.Address, Weight.Count,
            Raw.Type == ElementType.BFloat16 ? 1 : 0,
        ];
        values.CopyTo(words);
    }
}
