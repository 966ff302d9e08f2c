namespace RevUp.Diagnostics;

/// <summary>Cost of one part, layer or operation, or of a gap, in the mean of the steps.</summary>
/// <param name="Name">Name for people.</param>
/// <param name="Milliseconds">Time, gaps included where the row has any.</param>
/// <param name="Share">Fraction of the step.</param>
/// <param name="GapMilliseconds">Time between operations.</param>
/// <param name="Calls">Operations.</param>
/// <param name="Launches">Kernels, copies and calls of libraries; 0 on the CPU.</param>
/// <param name="Bytes">Operands of the operations, each read or written once.</param>
/// <param name="Flops">Floating-point operations of the convolutions.</param>
internal sealed record ProfileRow(
    string Name, double Milliseconds, double Share, double GapMilliseconds, double Calls, double Launches,
    double Bytes, double Flops)
{
    /// <summary>Time of a layer by part of the step, in the order of the parts.</summary>
    public IReadOnlyDictionary<StepPart, double>? Parts { get; init; }
}
