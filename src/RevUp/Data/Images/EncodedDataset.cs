using Microsoft.Win32.SafeHandles;
using RevUp.Interop.Image;
using RevUp.Tensors;

namespace RevUp.Data.Images;

/// <summary>
/// JPEG and PNG images of any size, decoded when they are read: only the part that is asked for,
/// straight to the sample's H × W.
/// </summary>
/// <remarks>
/// Grey, palette, CMYK and 16-bit images, and those with alpha, become the sample's 1 or 3
/// channels; the content decides, not the name.
/// </remarks>
internal abstract class EncodedDataset : ImageDataset
{
    // Of one encoded image: far above any real one, and little enough that a damaged length takes
    // no memory away.
    private const long MaximumBytes = 1 << 29;

    private const uint MaximumSide = 65_500; // REVUP_IMAGE_MAX_SIDE

    private readonly Lock _lock = new();
    private long _cacheBytes = DataSettings.DefaultCacheBytes;
    private DecodedSamples? _decoded;
    private bool _isDecided;

    private protected EncodedDataset(Shape sample)
    {
        ConfigurationException.Require(
            sample.SpatialRank == 2 && sample.Channels is 1 or 3,
            $"data.extents and data.channels make samples {sample}, but images are [1, H, W, 1] or [1, H, W, 3]; use "
            + $"two extents and 1 or 3 channels");
        Sample = sample;
    }

    public sealed override Shape Sample { get; }

    public sealed override bool HasOwnSizes => true;

    /// <summary>
    /// The most bytes that the decoded samples may take to be kept in memory, all or none of them:
    /// 1 GiB unless it is set, 0 to keep none. Samples that are cut out at random are not kept.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">It is negative.</exception>
    /// <exception cref="InvalidOperationException">A reader was opened before.</exception>
    public long CacheBytes
    {
        get => _cacheBytes;
        set
        {
            ArgumentOutOfRangeException.ThrowIfNegative(value);
            lock (_lock)
            {
                if (_isDecided)
                {
                    throw new InvalidOperationException(
                        $"{nameof(CacheBytes)} is set after a reader was opened; set it first.");
                }
                _cacheBytes = value;
            }
        }
    }

    /// <summary>
    /// Reads one encoded image into the start of a buffer, which is replaced by a larger one when
    /// it must be.
    /// </summary>
    /// <returns>The length of the image in bytes.</returns>
    /// <exception cref="DataFileException">It cannot be read.</exception>
    public abstract int Load(int index, ref byte[] buffer);

    /// <summary>
    /// The name of the image's file, or of its member in a shard, without folders.
    /// </summary>
    internal abstract string FileName(int index);

    public sealed override SampleReader OpenReader()
    {
        lock (_lock)
        {
            if (!_isDecided)
            {
                _decoded = DecodedSamples.Create(Count, Sample.Count, _cacheBytes);
                _isDecided = true;
            }
        }
        return new Reader(this, _decoded);
    }

    /// <summary>Width and height of an encoded image, from its header.</summary>
    /// <exception cref="DataFileException">It has none.</exception>
    internal (int Width, int Height) Inspect(int index, ReadOnlySpan<byte> bytes)
    {
        try
        {
            ImageInfo info = ImageDecoder.Inspect(bytes);
            return (info.Width, info.Height);
        }
        catch (ImageFormatException exception)
        {
            // libpng calls a side over its limit an invalid header.
            string message = PngSides(bytes) is (uint width, uint height) && Math.Max(width, height) > MaximumSide
                ? $"the image has {width} × {height} pixels, over {MaximumSide} a side; scale it down"
                : exception.Message;
            throw new DataFileException(Name(index), $"{message}.", exception);
        }
    }

    private static (uint Width, uint Height)? PngSides(ReadOnlySpan<byte> bytes) =>
        bytes.Length >= 24 && bytes[1..8].SequenceEqual("PNG\r\n\u001A\n"u8) && bytes[12..16].SequenceEqual("IHDR"u8)
            ? (BinaryPrimitives.ReadUInt32BigEndian(bytes[16..]), BinaryPrimitives.ReadUInt32BigEndian(bytes[20..]))
            : null;

    /// <summary>
    /// The exception for an image's file that cannot be read. Too many open files say nothing about
    /// the image.
    /// </summary>
    private protected static Exception CannotRead(string name, Exception exception) =>
        OpenFiles.AreTooMany(exception)
        ? new IOException(
            $"{name} cannot be opened, because too many files are open ({exception.Message}) Raise the limit with "
            + "'ulimit -n'.",
            exception)
        : new DataFileException(name, $"the image cannot be read: {exception.Message}", exception);

    /// <summary>Reads a part of a file; one read where the system gives all at once.</summary>
    private protected static int Read(SafeFileHandle file, long offset, long length, string name, ref byte[] buffer)
    {
        DataFileException.Require(
            length <= MaximumBytes, name,
            $"the image takes {length} bytes, over the {MaximumBytes} that are read; leave it out.");
        Reserve(length, ref buffer);
        int filled = 0;
        while (filled < length)
        {
            int read = RandomAccess.Read(file, buffer.AsSpan(filled, (int)length - filled), offset + filled);
            DataFileException.Require(
                read > 0, name, filled, $"the file ends here, expected {length - filled} more bytes; fetch it again.");
            filled += read;
        }
        return filled;
    }

    /// <summary>Replaces a buffer that is too small by one of at least twice its size.</summary>
    private protected static void Reserve(long length, ref byte[] buffer)
    {
        if (buffer.Length < length)
        {
            buffer = new byte[Math.Max(length, 2L * buffer.Length)];
        }
    }

    private sealed class Reader(EncodedDataset dataset, DecodedSamples? decoded) : ImageReader(dataset.Sample)
    {
        private readonly ImageDecoder _decoder = new();
        private readonly byte[] _pixels = new byte[dataset.Sample.Count];
        private byte[] _encoded = [];

        protected override ReadOnlySpan<byte> Read(int index, Framing framing)
        {
            if (decoded is null || !decoded.Takes(framing))
            {
                return Decode(index, framing);
            }
            if (decoded.Find(index) is { } kept)
            {
                return kept;
            }
            decoded.Keep(index, Decode(index, framing));
            return _pixels;
        }

        private byte[] Decode(int index, Framing framing)
        {
            int length = dataset.Load(index, ref _encoded);
            ReadOnlySpan<byte> encoded = _encoded.AsSpan(0, length);
            (int width, int height) = dataset.Inspect(index, encoded);
            CropRegion part = framing.Choose(width, height);
            Shape sample = dataset.Sample;
            try
            {
                ImageRegion region = new(part.Left, part.Top, part.Width, part.Height);
                _decoder.Decode(encoded, region, sample.Extent(0), sample.Extent(1), sample.Channels, _pixels);
            }
            catch (ImageFormatException exception)
            {
                throw new DataFileException(dataset.Name(index), $"{exception.Message}.", exception);
            }
            return _pixels;
        }

        protected override void Dispose(bool disposing)
        {
            _decoder.Dispose();
            base.Dispose(disposing);
        }
    }
}
