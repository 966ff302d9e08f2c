namespace RevUp.Backends;

/// <summary>Report of <see cref="Backend.StepVerdict"/>, as a float64 tensor.</summary>
/// <param name="LossSum">Over the step's samples.</param>
/// <param name="Correct">Samples classified right.</param>
/// <param name="GradientNorm">Of the average gradient, before clipping.</param>
/// <param name="Skip">0, or 1: the optimiser leaves weights and moments as they are.</param>
/// <param name="Residual">The largest inversion residual; 0 when nothing was inverted.</param>
/// <param name="RefusedBlock">The first block whose residual is above the limit, or −1.</param>
[StructLayout(LayoutKind.Sequential)]
internal readonly record struct StepOutcome(
    double LossSum, double Correct, double GradientNorm, double Skip, double Residual, double RefusedBlock)
{
    /// <summary>Length of the tensor.</summary>
    public const int Length = 6;

    /// <summary>From what was downloaded.</summary>
    public static StepOutcome Read(ReadOnlySpan<double> source) =>
        MemoryMarshal.Read<StepOutcome>(MemoryMarshal.AsBytes(source));
}
