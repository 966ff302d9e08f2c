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
    private const byte Black = 0;

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
    /// Writes the augmented and normalised image: bytes H × W × C in, floats H × W × C out, one
    /// pass.
    /// </summary>
    public void Write(
        ReadOnlySpan<byte> source, int height, int width, int channels, int padding, ChannelNormalization normalization,
        Span<float> destination)
    {
        int down = Top - padding, right = Left - padding;
        // columns of the crop that lie on the image
        int first = Math.Max(0, -right), last = Math.Min(width, width - right);
        for (int channel = 0; channel < channels; channel++)
        {
            ReadOnlySpan<float> table = normalization.Table(channel);
            for (int y = 0; y < height; y++)
            {
                bool inside = (uint)(y + down) < (uint)height;
                Span<float> row = destination.Slice(y * width * channels, width * channels);
                int step = Flip ? -channels : channels;
                int to = (Flip ? width - 1 : 0) * channels + channel;
                int from = ((y + down) * width + right) * channels + channel;
                for (int x = 0; x < width; x++, to += step, from += channels)
                {
                    row[to] = table[inside && x >= first && x < last ? source[from] : Black];
                }
            }
        }
    }
}
