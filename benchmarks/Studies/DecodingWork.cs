using RevUp.Data;
using RevUp.Data.Transforms;
using RevUp.Interop.Image;
using RevUp.Interop.Tests.Support;
using RevUp.Tensors;

namespace RevUp.Benchmarks.Studies;

/// <summary>One way to decode all images, on one thread and without garbage.</summary>
internal abstract class DecodingWork(DecodingImages images) : IDisposable
{
    private int _passes;

    /// <summary>Decodes every image, <paramref name="passes"/> times.</summary>
    public void Run(int passes)
    {
        for (int pass = 0; pass < passes; pass++, _passes++)
        {
            for (int i = 0; i < images.Count; i++)
            {
                Decode(images.Files[i].Bytes, images.Files[i].Info, new SampleKey(Seed: 1, Epoch: _passes, Index: i));
            }
        }
    }

    public abstract void Dispose();

    protected abstract void Decode(byte[] bytes, ImageInfo info, SampleKey key);
}

/// <summary>
/// tjDecompress2: what a pipeline of TurboJPEG begins with, before it crops and scales.
/// </summary>
internal sealed class TurboJpegWork(DecodingImages images) : DecodingWork(images)
{
    private readonly TurboJpeg _turbo = new();
    private readonly byte[] _pixels = new byte[images.LargestBytes];

    public override void Dispose() => _turbo.Dispose();

    protected override void Decode(byte[] bytes, ImageInfo info, SampleKey key) =>
        _turbo.Decode(bytes, TurboPixels.Rgb, _pixels);
}

/// <summary>The whole image at its own size: the price of our way without what it saves.</summary>
internal sealed class WholeImageWork(DecodingImages images) : DecodingWork(images)
{
    private readonly ImageDecoder _decoder = new();
    private readonly byte[] _pixels = new byte[images.LargestBytes];

    public override void Dispose() => _decoder.Dispose();

    protected override void Decode(byte[] bytes, ImageInfo info, SampleKey key) =>
        _decoder.Decode(
            bytes, new ImageRegion(0, 0, info.Width, info.Height), info.Height, info.Width, 3,
            _pixels.AsSpan(0, info.Width * info.Height * 3));
}

/// <summary>
/// A sample as a batch takes it: the header, the region that the augmentation draws, its pixels,
/// flipped or not, as bytes.
/// </summary>
internal sealed class SampleWork(DecodingImages images, Augmentation augmentation) : DecodingWork(images)
{
    public const int Side = 224;

    public static readonly Augmentation Training = new() { RandomResizedCrop = new ResizedCropSettings(), Flip = true };
    public static readonly Augmentation Evaluation = new() { Resize = 256 };
    public static readonly ChannelNormalization Normalization = new([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]);

    private readonly ImageDecoder _decoder = new();
    private readonly byte[] _pixels = new byte[Side * Side * 3];
    private readonly byte[] _sample = new byte[Side * Side * 3];

    public override void Dispose() => _decoder.Dispose();

    protected override void Decode(byte[] bytes, ImageInfo info, SampleKey key)
    {
        ImageInfo size = ImageDecoder.Inspect(bytes);
        CropRegion crop = new Framing(augmentation, key, Side, Side).Choose(size.Width, size.Height);
        _decoder.Decode(bytes, new ImageRegion(crop.Left, crop.Top, crop.Width, crop.Height), Side, Side, 3, _pixels);
        CounterRandom random = key.Draws(RandomStreams.PadCropFlip);
        PadCropFlip.Draw(ref random, padding: 0, augmentation.Flip)
            .Write(_pixels, Side, Side, 3, padding: 0, _sample);
    }
}
