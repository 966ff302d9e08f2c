using RevUp.Tensors;

namespace RevUp.Data.Transforms;

/// <summary>A rectangle of pixels, rows Top .. Bottom − 1 and columns Left .. Right − 1.</summary>
internal readonly record struct Box(int Top, int Left, int Bottom, int Right)
{
    public int Area => (Bottom - Top) * (Right - Left);

    /// <summary>
    /// A box of the given size around a uniformly drawn pixel, clipped at the image's border, for
    /// cutout and CutMix.
    /// </summary>
    public static Box Draw(ref CounterRandom random, int boxHeight, int boxWidth, int height, int width)
    {
        int top = random.NextInt(height) - boxHeight / 2, left = random.NextInt(width) - boxWidth / 2;
        return new Box(
            Math.Max(0, top), Math.Max(0, left), Math.Min(height, top + boxHeight), Math.Min(width, left + boxWidth));
    }

    /// <summary>Copies the box from one image to the same place of another.</summary>
    public void Copy(ReadOnlySpan<float> source, Span<float> destination, int stride, int channels)
    {
        for (int y = Top; y < Bottom; y++)
        {
            int start = y * stride + Left * channels, length = (Right - Left) * channels;
            source.Slice(start, length).CopyTo(destination[start..]);
        }
    }
}
