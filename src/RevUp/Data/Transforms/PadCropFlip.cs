using RevUp.Tensors;

namespace RevUp.Data.Transforms;

/// <summary>
/// One draw of the augmentation of small images: pad by p black pixels on every side, crop H × W at
/// (Top, Left), mirror left-right or not.
/// </summary>
/// <param name="Top">First row of the crop in the padded image, 0 .. 2p.</param>
/// <param name="Left">First column of the crop in the padded image, 0 .. 2p.</param>
/// <param name="Flip">Whether the crop is mirrored.</param>
internal readonly record struct PadCropFlip(int Top, int Left, bool Flip)
{
    /// <summary>
    /// Uniform offsets and a fair coin. The number of draws depends on the options only.
    /// </summary>
    public static PadCropFlip Draw(ref CounterRandom random, int padding, bool flip)
    {
        int top = padding > 0 ? random.NextInt(2 * padding + 1) : 0;
        int left = padding > 0 ? random.NextInt(2 * padding + 1) : 0;
        return new PadCropFlip(top, left, flip && random.NextInt(2) == 1);
    }

    /// <summary>
    /// The draw for a sample. An alternating flip is a coin of the sample that is turned over in
    /// every epoch.
    /// </summary>
    public static PadCropFlip Draw(SampleKey key, int padding, Augmentation augmentation)
    {
        CounterRandom random = key.Draws(RandomStreams.PadCropFlip);
        PadCropFlip drawn = Draw(ref random, padding, augmentation.Flip);
        if (!augmentation.AlternatingFlip)
        {
            return drawn;
        }
        CounterRandom coin = (key with { Epoch = 0 }).Draws(RandomStreams.AlternatingFlip);
        return drawn with { Flip = (coin.NextInt(2) + key.Epoch) % 2 == 1 };
    }

    /// <summary>Writes the augmented image: H × W × C bytes in and out, row by row.</summary>
    public void Write(
        ReadOnlySpan<byte> source, int height, int width, int channels, int padding, Span<byte> destination)
    {
        int down = Top - padding, right = Left - padding;
        // columns of the crop that lie on the image
        int first = Math.Max(0, -right), last = Math.Min(width, width - right);
        for (int y = 0; y < height; y++)
        {
            Span<byte> row = destination.Slice(y * width * channels, width * channels);
            if ((uint)(y + down) >= (uint)height)
            {
                row.Clear();
                continue;
            }
            row[..(first * channels)].Clear();
            source.Slice(((y + down) * width + right + first) * channels, (last - first) * channels)
                .CopyTo(row[(first * channels)..]);
            row[(last * channels)..].Clear();
            if (Flip)
            {
                AxisMirror.Reverse(row, channels, width);
            }
        }
    }
}
