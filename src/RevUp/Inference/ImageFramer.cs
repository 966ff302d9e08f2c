using System.Collections.Concurrent;
using RevUp.Data;
using RevUp.Interop.Image;
using RevUp.Tensors;

namespace RevUp.Inference;

/// <summary>
/// Makes samples of JPEG and PNG files, as evaluations do: the image's shorter side is resized and
/// the sample cut from the centre, or the whole image is scaled. Thread-safe.
/// </summary>
internal sealed class ImageFramer : IDisposable
{
    private const string Name = "the image";

    private readonly ConcurrentBag<ImageDecoder> _decoders = [];
    private readonly Shape _sample;
    private readonly Augmentation _augmentation;
    private volatile bool _disposed;

    /// <param name="sample">[1, H, W, 1] or [1, H, W, 3].</param>
    /// <param name="resize">As <see cref="Augmentation.Resize"/>.</param>
    public ImageFramer(Shape sample, int resize) =>
        (_sample, _augmentation) = (sample, new Augmentation { Resize = resize });

    /// <summary>H·W·C bytes of one image.</summary>
    /// <exception cref="DataFileException">
    /// The file is damaged, too large, or neither JPEG nor PNG.
    /// </exception>
    public byte[] Decode(ReadOnlySpan<byte> file)
    {
        byte[] pixels = new byte[_sample.Count];
        ImageDecoder decoder = _decoders.TryTake(out ImageDecoder? kept) ? kept : new ImageDecoder();
        try
        {
            ImageInfo info = ImageDecoder.Inspect(file);
            (int height, int width) = (_sample.Extent(0), _sample.Extent(1));
            CropRegion part = new Framing(_augmentation, default, height, width).Choose(info.Width, info.Height);
            ImageRegion region = new(part.Left, part.Top, part.Width, part.Height);
            decoder.Decode(file, region, height, width, _sample.Channels, pixels);
            return pixels;
        }
        catch (ImageFormatException exception)
        {
            throw new DataFileException(Name, $"{exception.Message}; send a whole JPEG or PNG file.", exception);
        }
        finally
        {
            Return(decoder);
        }
    }

    public void Dispose()
    {
        _disposed = true;
        while (_decoders.TryTake(out ImageDecoder? decoder))
        {
            decoder.Dispose();
        }
    }

    // A decoder keeps buffers: no more of them than can work at once.
    private void Return(ImageDecoder decoder)
    {
        if (_decoders.Count < Environment.ProcessorCount)
        {
            _decoders.Add(decoder);
        }
        else
        {
            decoder.Dispose();
        }
        if (_disposed)
        {
            Dispose();
        }
    }
}
