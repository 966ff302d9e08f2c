namespace RevUp.Benchmarks.Studies;

/// <summary>One segmentation in a process of its own.</summary>
/// <param name="Seconds">Time of the call.</param>
/// <param name="Bytes">VmHWM of the process without the volume.</param>
internal sealed record DenseMemory(double Seconds, long Bytes);
