using System.Runtime.InteropServices;
using RevUp.Tensors;

namespace RevUp.Backends;

/// <summary>
/// What an optimiser launch reads from the device (revup_tables.h): these numbers, then one <see cref="GroupNumbers"/> per parameter group, as one float64
/// tensor.
/// </summary>
/// <param name="GradientScale">What gradients are multiplied with first; <see cref="Backend.StepVerdict"/> writes it.</param>
/// <param name="Skip">0, or 1 to leave weights and moments as they are; <see cref="Backend.StepVerdict"/> writes it.</param>
/// <param name="Momentum">Of SGD.</param>
/// <param name="Nesterov">Of SGD: 0 or 1.</param>
/// <param name="Beta1">Of AdamW.</param>
/// <param name="Beta2">Of AdamW.</param>
/// <param name="Epsilon">Of AdamW.</param>
/// <param name="Correction1">1 − β₁ᵗ, t the step counted from 1.</param>
/// <param name="Correction2">1 − β₂ᵗ.</param>
[StructLayout(LayoutKind.Sequential)]
public readonly record struct OptimizerNumbers(
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
    public static unsafe int Length(int groups) => (sizeof(OptimizerNumbers) + groups * sizeof(GroupNumbers)) / sizeof(double);

    /// <summary>The parameter groups of a tensor of such numbers.</summary>
    public static unsafe long Groups(Tensor settings) => (settings.Bytes - sizeof(OptimizerNumbers)) / sizeof(GroupNumbers);

    /// <summary>Writes numbers and groups as the tensor has them.</summary>
    public static unsafe void Write(in OptimizerNumbers numbers, ReadOnlySpan<GroupNumbers> groups, Span<double> destination)
    {
        Span<byte> bytes = MemoryMarshal.AsBytes(destination);
        MemoryMarshal.Write(bytes, in numbers);
        MemoryMarshal.AsBytes(groups).CopyTo(bytes[sizeof(OptimizerNumbers)..]);
    }
}

/// <summary>The settings of one parameter group, a range of the flat buffers that starts where the one before ends.</summary>
/// <param name="End">In elements; a multiple of 16, but for the last group's.</param>
/// <param name="LearningRate">Rounded to float32 where it is used.</param>
/// <param name="WeightDecay">Rounded to float32 where it is used.</param>
[StructLayout(LayoutKind.Sequential)]
public readonly record struct GroupNumbers(double End, double LearningRate, double WeightDecay);

/// <summary>What <see cref="Backend.StepVerdict"/> compares with.</summary>
/// <param name="Averaging">What turns the sum of gradients into their average: 1 / batches.</param>
/// <param name="ClipNorm">Largest norm of the average gradient; 0 for no limit.</param>
/// <param name="HardLimit">Largest inversion residual.</param>
/// <param name="Tolerance">Largest bound of the error of an inversion where only convergence says that there is an inverse.</param>
/// <param name="Rounding">Residual that is as small as float32 allows, and bounds the error itself.</param>
public readonly record struct StepLimits(double Averaging, double ClipNorm, double HardLimit, double Tolerance, double Rounding);

/// <summary>What <see cref="Backend.StepVerdict"/> reports, as a float64 tensor.</summary>
/// <param name="LossSum">Over the step's samples.</param>
/// <param name="Correct">Samples classified right.</param>
/// <param name="GradientNorm">Of the average gradient, before clipping.</param>
/// <param name="Skip">0, or 1: the optimiser leaves weights and moments as they are.</param>
/// <param name="Residual">The largest inversion residual; 0 when nothing was inverted.</param>
/// <param name="RefusedBlock">The first block whose residual is above the limit, or −1.</param>
[StructLayout(LayoutKind.Sequential)]
public readonly record struct StepOutcome(double LossSum, double Correct, double GradientNorm, double Skip, double Residual, double RefusedBlock)
{
    /// <summary>Length of the tensor.</summary>
    public const int Length = 6;

    /// <summary>From what was downloaded.</summary>
    public static StepOutcome Read(ReadOnlySpan<double> source) => MemoryMarshal.Read<StepOutcome>(MemoryMarshal.AsBytes(source));
}
