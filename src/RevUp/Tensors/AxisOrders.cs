namespace RevUp.Tensors;

/// <summary>
/// Moves the last dimension of a tensor behind its first and back; tensors of rank 3 and less have
/// one order only.
/// </summary>
internal static class AxisOrders
{
    private const int LeastRank = 4;

    /// <summary>The extents of a channels-last shape in this order.</summary>
    public static long[] Dimensions(Shape shape, AxisOrder order)
    {
        long[] dimensions = [.. Enumerable.Range(0, shape.Rank).Select(i => (long)shape[i])];
        return order == AxisOrder.ChannelsFirst && shape.Rank >= LeastRank
            ? [dimensions[0], dimensions[^1], .. dimensions[1..^1]]
            : dimensions;
    }

    /// <summary>
    /// Whether a tensor of this channels-last shape is the same bytes in both orders.
    /// </summary>
    public static bool IsSame(Shape shape) => shape.Rank < LeastRank || shape.Positions == 1 || shape.Channels == 1;

    /// <summary>Copies from channels-last of <paramref name="shape"/> to channels-first.</summary>
    public static void ToChannelsFirst(Shape shape, ReadOnlySpan<float> source, Span<float> destination)
    {
        if (shape.Rank < LeastRank)
        {
            source.CopyTo(destination);
            return;
        }
        Transpose(shape[0], (int)shape.Positions, shape.Channels, source, destination);
    }

    /// <summary>Copies back, to channels-last of <paramref name="shape"/>.</summary>
    public static void ToChannelsLast(Shape shape, ReadOnlySpan<float> source, Span<float> destination)
    {
        if (shape.Rank < LeastRank)
        {
            source.CopyTo(destination);
            return;
        }
        Transpose(shape[0], shape.Channels, (int)shape.Positions, source, destination);
    }

    // [batch, rows, columns] → [batch, columns, rows]
    private static void Transpose(int batch, int rows, int columns, ReadOnlySpan<float> source, Span<float> destination)
    {
        int size = rows * columns;
        for (int i = 0; i < batch; i++)
        {
            ReadOnlySpan<float> from = source.Slice(i * size, size);
            Span<float> to = destination.Slice(i * size, size);
            for (int row = 0; row < rows; row++)
            {
                for (int column = 0; column < columns; column++)
                {
                    to[(column * rows) + row] = from[(row * columns) + column];
                }
            }
        }
    }
}
