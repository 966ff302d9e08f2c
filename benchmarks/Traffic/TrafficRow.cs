namespace RevUp.Benchmarks.Traffic;

/// <summary>Traffic of one training step under one policy.</summary>
/// <param name="Policy">Memory policy.</param>
/// <param name="Bytes">Operands of all operations.</param>
/// <param name="LeastBytes">See <see cref="LeastTraffic"/>.</param>
/// <param name="Operations">Floating-point operations of the convolutions.</param>
/// <param name="ConvolutionMilliseconds">Time in convolutions.</param>
/// <param name="Milliseconds">Time in all operations.</param>
internal sealed record TrafficRow(
    string Policy, double Bytes, double LeastBytes, double Operations, double ConvolutionMilliseconds,
    double Milliseconds);
