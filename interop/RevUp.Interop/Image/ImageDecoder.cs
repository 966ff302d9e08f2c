namespace RevUp.Interop.Image;

/// <summary>
/// Decodes a region of a JPEG or PNG straight to the size that a network takes. It owns native
/// buffers that it keeps from one image to the next: make one per worker thread, use it for one
/// image at a time, and dispose it. Pixels do not depend on what it decoded before, and a call
/// allocates nothing managed.
/// </summary>
/// <example>
/// <code>
/// using ImageDecoder decoder = new();
/// ImageInfo info = ImageDecoder.Inspect(bytes);
/// ImageRegion whole = new(0, 0, info.Width, info.Height);
/// decoder.Decode(bytes, whole, 224, 224, channels: 3, pixels);
/// </code>
/// </example>
internal sealed class ImageDecoder : OwnedHandle
{
    /// <exception cref="NativeException">The system has no memory left.</exception>
    /// <exception cref="DllNotFoundException">
    /// The image library is not there; the message says where it was looked for.
    /// </exception>
    public unsafe ImageDecoder()
    {
        nint created;
        ImageLibrary.DecoderCreate(&created).Check();
        SetHandle(created);
    }

    /// <summary>
    /// Content of the header; the pixels are not looked at. Any thread may call it.
    /// </summary>
    /// <exception cref="ImageFormatException">
    /// The data does not start with the header of a JPEG or PNG, or the image is above 65,500
    /// pixels a side or 2²⁸ in all.
    /// </exception>
    public static unsafe ImageInfo Inspect(ReadOnlySpan<byte> bytes)
    {
        ImageInfo info;
        fixed (byte* data = Readable(bytes))
        {
            ImageLibrary.Inspect(data, bytes.Length, &info).Check();
        }

        return info;
    }

    /// <summary>
    /// pixels = the region of the image resampled to [<paramref name="height"/>,
    /// <paramref name="width"/>, <paramref name="channels"/>] (1 grey, 3 RGB), by an antialiased
    /// triangle filter after scaling by 1/8, 1/4 or 1/2 in a JPEG's own transform where the region
    /// is that much larger. Only the rows and columns that the region needs are decoded, so damage
    /// below it goes unseen. Alpha is dropped, CMYK converted, EXIF's orientation ignored.
    /// </summary>
    /// <remarks>
    /// revup_image.h states the arithmetic to the last digit. Memory grows with the widths of
    /// region and output; for a progressive JPEG and an interlaced PNG with the image, at most by
    /// 1,032 bytes for each of <paramref name="bytes"/>.
    /// </remarks>
    /// <param name="bytes">The whole file.</param>
    /// <param name="region">
    /// Within the image; it is enlarged where it is smaller than the output.
    /// </param>
    /// <param name="height">1 to 65,500.</param>
    /// <param name="width">1 to 65,500.</param>
    /// <param name="channels">1 or 3, whatever the image has.</param>
    /// <param name="pixels">
    /// Exactly height·width·channels bytes; undefined after an exception.
    /// </param>
    /// <exception cref="ArgumentException">
    /// The length of <paramref name="pixels"/> is another.
    /// </exception>
    /// <exception cref="ImageFormatException">
    /// The data is damaged, truncated, too large, or neither JPEG nor PNG.
    /// </exception>
    /// <exception cref="NativeException">
    /// The region is not within the image, or a size is out of range; the message names it.
    /// </exception>
    public unsafe void Decode(
        ReadOnlySpan<byte> bytes, ImageRegion region, int height, int width, int channels, Span<byte> pixels)
    {
        if (pixels.Length != (long)height * width * channels)
        {
            throw new ArgumentException(
                $"pixels has {pixels.Length} bytes; {height}x{width} pixels of {channels} channels need "
                + $"{(long)height * width * channels}.", nameof(pixels));
        }

        fixed (byte* data = Readable(bytes), output = pixels)
        {
            ImageLibrary.Decode(this, data, bytes.Length, &region, height, width, channels, output).Check();
        }
    }

    /// <summary>
    /// Writes the numbers of a label map as a PNG stores them: samples of a grey image of 1 to 16
    /// bits, or indices of a palette. Nothing is scaled. Any thread may call it.
    /// </summary>
    /// <param name="bytes">The whole file.</param>
    /// <param name="height">Rows of the image.</param>
    /// <param name="width">Columns of the image.</param>
    /// <param name="labels">Exactly height·width numbers; undefined after an exception.</param>
    /// <exception cref="ArgumentException">
    /// The length of <paramref name="labels"/> is another.
    /// </exception>
    /// <exception cref="ImageFormatException">
    /// The data is damaged, or it is a JPEG, or it has colours or alpha.
    /// </exception>
    /// <exception cref="NativeException">The image has another size.</exception>
    public static unsafe void DecodeLabels(ReadOnlySpan<byte> bytes, int height, int width, Span<ushort> labels)
    {
        if (labels.Length != (long)height * width)
        {
            throw new ArgumentException(
                $"labels has {labels.Length} numbers; {height}x{width} pixels need {(long)height * width}.",
                nameof(labels));
        }

        fixed (byte* data = Readable(bytes))
        fixed (ushort* output = labels)
        {
            ImageLibrary.DecodeLabels(data, bytes.Length, height, width, output).Check();
        }
    }

    // An empty span pins to null, which the library would call a mistake of ours; it is one of the
    // data's.
    private static ReadOnlySpan<byte> Readable(ReadOnlySpan<byte> bytes) => bytes.IsEmpty ? [0] : bytes;

    protected override bool ReleaseHandle() => ImageLibrary.DecoderDestroy(handle) == ImageStatus.Ok;
}
