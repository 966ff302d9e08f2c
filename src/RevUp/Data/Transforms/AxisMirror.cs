using RevUp.Tensors;

namespace RevUp.Data.Transforms;

/// <summary>Which axes of a sample are mirrored.</summary>
/// <param name="Depth">D.</param>
/// <param name="Height">H.</param>
/// <param name="Width">W.</param>
internal readonly record struct AxisMirror(bool Depth, bool Height, bool Width)
{
    /// <summary>
    /// A fair coin for W, drawn as images draw theirs, and one each for D and H where every axis is
    /// mirrored.
    /// </summary>
    public static AxisMirror Draw(SampleKey key, Augmentation augmentation)
    {
        bool width = PadCropFlip.Draw(key, padding: 0, augmentation).Flip;
        if (!augmentation.Flip || !augmentation.FlipEveryAxis)
        {
            return new AxisMirror(false, false, width);
        }
        CounterRandom others = key.Draws(RandomStreams.Mirror);
        return new AxisMirror(others.NextInt(2) == 1, others.NextInt(2) == 1, width);
    }

    /// <summary>Mirrors [1, (D), H, W, C] values in place; channels keep their order.</summary>
    public void Apply<T>(Span<T> values, Shape sample)
    {
        int depth = sample.SpatialRank == 3 ? sample.Extent(0) : 1;
        int height = sample[sample.Rank - 3], channels = sample.Channels;
        int row = sample[sample.Rank - 2] * channels;
        if (Width)
        {
            Reverse(values, channels, sample[sample.Rank - 2]);
        }
        if (Height)
        {
            Reverse(values, row, height);
        }
        if (Depth)
        {
            Reverse(values, height * row, depth);
        }
    }

    /// <summary>
    /// Puts the blocks of each line of <paramref name="count"/> in reverse; a block stays as it is.
    /// </summary>
    public static void Reverse<T>(Span<T> values, int block, int count)
    {
        for (int start = 0; start < values.Length; start += count * block)
        {
            Span<T> line = values.Slice(start, count * block);
            line.Reverse();
            for (int at = 0; block == 3 && at < line.Length; at += 3)
            {
                (line[at], line[at + 2]) = (line[at + 2], line[at]);
            }
            for (int at = 0; block is 2 or > 3 && at < line.Length; at += block)
            {
                line.Slice(at, block).Reverse();
            }
        }
    }
}
