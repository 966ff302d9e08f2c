using RevUp.Tensors;

namespace RevUp.Data.Dense;

/// <summary>Draws foreground positions from a whole label map, without an index.</summary>
internal static class PositionScan
{
    /// <inheritdoc cref="DenseReader.TryDrawForeground"/>
    /// <param name="labels">Of the whole case.</param>
    /// <param name="classes">K.</param>
    /// <param name="first">First foreground class.</param>
    /// <param name="random">Two draws where there is a foreground.</param>
    /// <param name="position">Number of the position, row by row.</param>
    public static bool TryDraw(
        ReadOnlySpan<ushort> labels, int classes, int first, ref CounterRandom random, out long position)
    {
        int[] counts = new int[classes];
        foreach (ushort label in labels)
        {
            if (label < classes)
            {
                counts[label]++;
            }
        }
        int present = counts.Skip(first).Count(count => count > 0);
        position = 0;
        if (present == 0)
        {
            return false;
        }
        int rank = random.NextInt(present);
        int chosen = Enumerable.Range(first, classes - first).Where(label => counts[label] > 0).ElementAt(rank);
        int place = random.NextInt(counts[chosen]);
        int at = -1;
        do
        {
            at += labels[(at + 1)..].IndexOf((ushort)chosen) + 1;
        }
        while (place-- > 0);
        position = at;
        return true;
    }
}
