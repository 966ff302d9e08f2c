using RevUp.Tensors;

namespace RevUp.Data;

/// <summary>Chooses the part of an image of any size that becomes the sample.</summary>
public readonly struct Framing
{
    private readonly Augmentation _augmentation;
    private readonly SampleKey _key;
    private readonly int _height;
    private readonly int _width;

    internal Framing(Augmentation augmentation, SampleKey key, int height, int width)
    {
        (_augmentation, _key, _height, _width) = (augmentation, key, height, width);
    }

    /// <summary>
    /// The side that images are scaled to before the centre is cut out, 0 for the whole image; null
    /// where the part is drawn at random.
    /// </summary>
    internal int? FixedResize => _augmentation.RandomResizedCrop is null ? _augmentation.Resize : null;

    /// <summary>
    /// The part of an image of the given size, to be scaled to the sample's H × W; the same
    /// whenever it is asked.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The image is empty.</exception>
    internal CropRegion Choose(int width, int height)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(width);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(height);
        if (_augmentation.RandomResizedCrop is { } settings)
        {
            CounterRandom random = _key.Draws(RandomStreams.ResizedCrop);
            return CropRegion.DrawResized(ref random, settings, width, height);
        }
        return _augmentation.Resize == 0
            ? new CropRegion(0, 0, width, height)
            : CropRegion.Center(_augmentation.Resize, _height, _width, width, height);
    }
}
