using RevUp.Tensors;

namespace RevUp.Backends;

/// <summary>
/// Numbers that an optimiser launch reads from the device (revup_tables.h): these, then one
/// <see cref="GroupNumbers"/> per parameter group, as one float64 tensor.
/// </summary>
/// <param name="GradientScale">
/// Factor that gradients are multiplied with first; <see cref="Backend.StepVerdict"/> writes it.
/// </param>
/// <param name="Skip">
/// 0, or 1 to leave weights and moments as they are; <see cref="Backend.StepVerdict"/> writes it.
/// </param>
/// <param name="Momentum">Of SGD.</param>
/// <param name="Nesterov">Of SGD: 0 or 1.</param>
/// <param name="Beta1">Of AdamW.</param>
/// <param name="Beta2">Of AdamW.</param>
/// <param name="Epsilon">Of AdamW.</param>
/// <param name="Correction1">1 − β₁ᵗ, t the step counted from 1.</param>
/// <param name="Correction2">1 − β₂ᵗ.</param>
[StructLayout(LayoutKind.Sequential)]
internal readonly record struct OptimizerNumbers(
    double GradientScale,
    double Skip,
    double Momentum,
    double Nesterov,
    double Beta1,
    double Beta2,
    double Epsilon,
    double Correction1,
    double Correction2)
{
    /// <summary>Length of the tensor for this many parameter groups.</summary>
    public static unsafe int Length(int groups) =>
        (sizeof(OptimizerNumbers) + groups * sizeof(GroupNumbers)) / sizeof(double);

    /// <summary>The parameter groups of a tensor of such numbers.</summary>
    public static unsafe long Groups(Tensor settings) =>
        (settings.Bytes - sizeof(OptimizerNumbers)) / sizeof(GroupNumbers);

    /// <summary>Writes numbers and groups as the tensor has them.</summary>
    public static unsafe void Write(
        in OptimizerNumbers numbers, ReadOnlySpan<GroupNumbers> groups, Span<double> destination)
    {
        Span<byte> bytes = MemoryMarshal.AsBytes(destination);
        MemoryMarshal.Write(bytes, in numbers);
        MemoryMarshal.AsBytes(groups).CopyTo(bytes[sizeof(OptimizerNumbers)..]);
    }
}
