using RevUp.Data.Volumes;
using RevUp.Interop.Image;

namespace RevUp.Data.Dense;

/// <summary>Reads JPEG and PNG files of cases.</summary>
internal static class PictureFile
{
    private const int Grey = 1;
    private const int Rgb = 3;

    /// <summary>
    /// The picture as a volume of one plane: 1 channel of grey or 3 of RGB; alpha is dropped. A
    /// pixel counts as 1 mm.
    /// </summary>
    /// <exception cref="DataFileException">It is missing or no picture.</exception>
    public static VolumeGrid ReadGrid(string path)
    {
        byte[] buffer = [];
        return GridOf(Inspect(path, Load(path, ref buffer)));
    }

    /// <summary>
    /// Reads the values as they are stored: grey PNGs of up to 16 bits exactly, colours in 8 bits.
    /// </summary>
    /// <exception cref="DataFileException">It is missing or damaged.</exception>
    public static VolumeGrid Read(string path, VolumeBuffer volume)
    {
        byte[] buffer = [];
        ReadOnlySpan<byte> bytes = Load(path, ref buffer);
        ImageInfo info = Inspect(path, bytes);
        VolumeGrid grid = GridOf(info);
        volume.Resize(grid.Extents);
        if (info is { Format: ImageFormat.Png, Components: Grey })
        {
            Widen(ReadNumbers(path, bytes, info), volume.Values);
            return grid;
        }
        byte[] pixels = new byte[volume.Values.Length];
        using ImageDecoder decoder = new();
        Decode(decoder, path, bytes, new ImageRegion(0, 0, info.Width, info.Height), grid.Extents.Channels, pixels);
        Widen(pixels, volume.Values);
        return grid;
    }

    /// <summary>Reads a label map: the numbers of a grey PNG or of one with a palette.</summary>
    /// <exception cref="DataFileException">It is missing, damaged or no label map.</exception>
    public static VolumeGrid ReadLabels(string path, VolumeBuffer volume)
    {
        byte[] buffer = [];
        ReadOnlySpan<byte> bytes = Load(path, ref buffer);
        ImageInfo info = Inspect(path, bytes);
        VolumeGrid grid = GridOf(info with { Components = Grey });
        volume.Resize(grid.Extents);
        Widen(ReadNumbers(path, bytes, info), volume.Values);
        return grid;
    }

    /// <summary>The stored numbers of a PNG of grey or with a palette, row by row.</summary>
    /// <exception cref="DataFileException">It is damaged, or it has colours.</exception>
    public static ushort[] ReadNumbers(string path, ReadOnlySpan<byte> bytes, ImageInfo info)
    {
        ushort[] numbers = new ushort[info.Height * info.Width];
        try
        {
            ImageDecoder.DecodeLabels(bytes, info.Height, info.Width, numbers);
        }
        catch (ImageFormatException exception)
        {
            throw new DataFileException(
                path,
                $"{exception.Message}; save the mask as a grey or palette PNG whose numbers are the classes.",
                exception);
        }
        return numbers;
    }

    /// <summary>Decodes a region at its own size.</summary>
    /// <param name="decoder">Of the thread.</param>
    /// <param name="path">For messages.</param>
    /// <param name="bytes">The whole file.</param>
    /// <param name="region">Within the picture.</param>
    /// <param name="channels">1 for grey, 3 for RGB, whatever the file has.</param>
    /// <param name="pixels">[height, width, channels] of the region.</param>
    /// <exception cref="DataFileException">It is damaged.</exception>
    public static void Decode(
        ImageDecoder decoder, string path, ReadOnlySpan<byte> bytes, ImageRegion region, int channels,
        Span<byte> pixels)
    {
        try
        {
            decoder.Decode(bytes, region, region.Height, region.Width, channels, pixels);
        }
        catch (ImageFormatException exception)
        {
            throw new DataFileException(path, $"{exception.Message}.", exception);
        }
    }

    /// <summary>Reads the header.</summary>
    /// <exception cref="DataFileException">It is neither JPEG nor PNG.</exception>
    public static ImageInfo Inspect(string path, ReadOnlySpan<byte> bytes)
    {
        try
        {
            return ImageDecoder.Inspect(bytes);
        }
        catch (ImageFormatException exception)
        {
            throw new DataFileException(path, $"{exception.Message}.", exception);
        }
    }

    /// <summary>The bytes of a file, in a buffer that grows where it is too short.</summary>
    /// <exception cref="DataFileException">It cannot be read.</exception>
    public static ReadOnlySpan<byte> Load(string path, ref byte[] buffer)
    {
        try
        {
            using FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
            int length = checked((int)file.Length);
            if (buffer.Length < length)
            {
                buffer = new byte[length];
            }
            file.ReadExactly(buffer, 0, length);
            return buffer.AsSpan(0, length);
        }
        catch (Exception exception) when (
            exception is IOException or UnauthorizedAccessException or OverflowException)
        {
            throw new DataFileException(path, $"the image cannot be read: {exception.Message}", exception);
        }
    }

    private static VolumeGrid GridOf(ImageInfo info) => new(
        new VolumeExtents(1, info.Height, info.Width, info.Components < Rgb ? Grey : Rgb), [1, 1, 1], null);

    private static void Widen<T>(T[] from, Span<float> to)
        where T : unmanaged, System.Numerics.IBinaryInteger<T>
    {
        for (int i = 0; i < to.Length; i++)
        {
            to[i] = float.CreateTruncating(from[i]);
        }
    }
}
