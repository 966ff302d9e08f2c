namespace RevUp.Backends;

/// <summary>
/// The settings of one parameter group, a range of the flat buffers that starts where the one
/// before ends.
/// </summary>
/// <param name="End">In elements; a multiple of 16, but for the last group's.</param>
/// <param name="LearningRate">Rounded to float32 where it is used.</param>
/// <param name="WeightDecay">Rounded to float32 where it is used.</param>
[StructLayout(LayoutKind.Sequential)]
internal readonly record struct GroupNumbers(double End, double LearningRate, double WeightDecay);
