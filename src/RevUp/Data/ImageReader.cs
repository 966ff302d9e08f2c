using RevUp.Data.Transforms;
using RevUp.Tensors;

namespace RevUp.Data;

/// <summary>
/// A reader of byte images: it says what the bytes are, and this class does the rest.
/// </summary>
public abstract class ImageReader : SampleReader
{
    private readonly int _rows;
    private readonly int _width;
    private readonly int _channels;
    private readonly Shape _sample;
    private byte[] _jittered = [];

    /// <param name="sample">
    /// [1, (D), H, W, C]; a volume is treated as an image of D·H rows, whose bytes are the same.
    /// </param>
    protected ImageReader(Shape sample)
    {
        _width = sample[sample.Rank - 2];
        _rows = (int)(sample.Positions / _width);
        _channels = sample.Channels;
        _sample = sample;
    }

    internal sealed override bool WritesBytes => true;

    internal sealed override void Write(int index, SampleKey key, SampleTransform transform, SampleRow row)
    {
        Augmentation augmentation = transform.Augmentation;
        ReadOnlySpan<byte> pixels = Read(index, new Framing(augmentation, key, _rows, _width));
        if (augmentation.ColorJitter is { } settings)
        {
            pixels = Jitter(pixels, settings, key);
        }
        PadCropFlip crop = PadCropFlip.Draw(key, augmentation.Padding, augmentation);
        crop.Write(pixels, _rows, _width, _channels, augmentation.Padding, row.Bytes);
        if (_sample.SpatialRank == 3)
        {
            (AxisMirror.Draw(key, augmentation) with { Width = false }).Apply(row.Bytes, _sample);
        }
        if (augmentation.Cutout > 0)
        {
            CounterRandom centre = key.Draws(RandomStreams.Cutout);
            row.Cut(Box.Draw(ref centre, augmentation.Cutout, augmentation.Cutout, _rows, _width));
        }
    }

    internal sealed override void Measure(int index, ChannelStatistics statistics) =>
        statistics.Add(Read(index, new Framing(new Augmentation(), default, _rows, _width)));

    /// <summary>The (D)·H·W·C bytes of one image, valid until the next call.</summary>
    /// <param name="index">The image, 0 .. N − 1.</param>
    /// <param name="framing">
    /// Which part of an image of another size to scale to H × W; of no meaning where images have no
    /// sizes of their own.
    /// </param>
    /// <exception cref="DataFileException">The image is missing or damaged.</exception>
    protected abstract ReadOnlySpan<byte> Read(int index, Framing framing);

    private Span<byte> Jitter(ReadOnlySpan<byte> pixels, ColorJitterSettings settings, SampleKey key)
    {
        if (_jittered.Length < pixels.Length)
        {
            _jittered = new byte[pixels.Length];
        }
        Span<byte> copy = _jittered.AsSpan(0, pixels.Length);
        pixels.CopyTo(copy);
        CounterRandom random = key.Draws(RandomStreams.ColorJitter);
        ColorJitter.Draw(ref random, settings).Apply(copy, _channels);
        return copy;
    }
}
