namespace RevUp.Benchmarks.GpuModel;

/// <summary>Predicted cost of a part of a step.</summary>
/// <param name="Launches">Kernels, copies and calls of libraries.</param>
/// <param name="Bytes">Each operand of an operation read or written once.</param>
/// <param name="Operations">Floating-point operations of convolutions.</param>
/// <param name="Seconds">Predicted time.</param>
internal readonly record struct PartCost(int Launches, double Bytes, double Operations, double Seconds)
{
    public static PartCost operator +(PartCost a, PartCost b) =>
        new(a.Launches + b.Launches, a.Bytes + b.Bytes, a.Operations + b.Operations, a.Seconds + b.Seconds);
}
