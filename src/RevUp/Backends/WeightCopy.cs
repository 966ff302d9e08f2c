using RevUp.Tensors;

namespace RevUp.Backends;

/// <summary>copy = scale · weights, as a convolution is computed with.</summary>
/// <param name="Weight">Float32.</param>
/// <param name="Scale">A scalar, or empty for 1.</param>
/// <param name="Copy">Float32 or bfloat16.</param>
internal readonly record struct WeightCopy(Tensor Weight, Tensor Scale, Tensor Copy) : IOperands
{
    /// <inheritdoc/>
    public static int Words => 5;

    /// <inheritdoc/>
    public static int Products => 1;

    /// <inheritdoc/>
    public long Parts(int product) => (Weight.Count + WeightGradient.Part - 1) / WeightGradient.Part;

    /// <inheritdoc/>
    public void Write(Span<long> words)
    {
        ReadOnlySpan<long> values =
            [Weight.Address, Scale.Address, Copy.Address, Weight.Count, Copy.Type == ElementType.BFloat16 ? 1 : 0];
        values.CopyTo(words);
    }
}
