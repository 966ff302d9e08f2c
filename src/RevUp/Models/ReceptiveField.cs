namespace RevUp.Models;

/// <summary>How far the outputs of a network look along one axis.</summary>
/// <param name="Alignment">
/// Product of the strides down to the coarsest level: runs that start at its multiples see the same
/// grid at every level.
/// </param>
/// <param name="Before">
/// Inputs that an aligned run of outputs needs before itself, rounded up to the alignment.
/// </param>
/// <param name="After">Inputs that it needs behind itself, rounded up to the alignment.</param>
internal readonly record struct ReceptiveField(int Alignment, int Before, int After)
{
    /// <summary>Follows an aligned run of outputs back to the inputs.</summary>
    /// <param name="steps">From the input to an output of the same extent.</param>
    public static ReceptiveField Of(IReadOnlyList<ReachStep> steps)
    {
        int alignment = Aligned(steps), first = 0, end = alignment;
        Dictionary<object, (int First, int End)> skips = [];
        for (int i = steps.Count - 1; i >= 0; i--)
        {
            ReachStep step = steps[i];
            (int outputFirst, int outputEnd) = (first, end);
            (first, end) = step.Needed(first, end);
            if (step.Skip is not { } skip)
            {
                continue;
            }
            if (step.IsTransposed)
            {
                skips.Add(skip, (outputFirst, outputEnd));
            }
            else if (skips.Remove(skip, out (int First, int End) joined))
            {
                (first, end) = (Math.Min(first, joined.First), Math.Max(end, joined.End));
            }
        }
        return new ReceptiveField(alignment, Up(-first, alignment), Up(end - alignment, alignment));
    }

    /// <summary>The next multiple of a number, from 0.</summary>
    public static int Up(int value, int multiple) => (Math.Max(0, value) + multiple - 1) / multiple * multiple;

    private static int Aligned(IReadOnlyList<ReachStep> steps)
    {
        int factor = 1, most = 1;
        foreach (ReachStep step in steps)
        {
            factor = step.IsTransposed ? factor / step.Stride : factor * step.Stride;
            most = Math.Max(most, factor);
        }
        return factor == 1 ? most : throw new ArgumentException(
            $"The outputs are {factor} times as coarse as the inputs; tiles need one output for each input.");
    }
}
