namespace RevUp.Interop.Image;

/// <summary>How an image is stored (revup_image_format).</summary>
internal enum ImageFormat
{
    /// <summary>Baseline or progressive JPEG.</summary>
    Jpeg = 1,

    /// <summary>PNG of any kind.</summary>
    Png = 2,
}

/// <summary>Header of an image (revup_image_info).</summary>
/// <param name="Format">By the data, whatever the file is called.</param>
/// <param name="Width">
/// Columns as stored; the orientation of EXIF is ignored, as by the usual ImageNet pipelines.
/// </param>
/// <param name="Height">Rows as stored.</param>
/// <param name="Components">
/// As stored: 1 grey, 2 grey and alpha, 3 colour, 4 CMYK (JPEG) or colour and alpha (PNG).
/// </param>
internal readonly record struct ImageInfo(ImageFormat Format, int Width, int Height, int Components);

/// <summary>
/// Columns [<paramref name="Left"/>, Left + <paramref name="Width"/>) and rows
/// [<paramref name="Top"/>, Top + <paramref name="Height"/>) of a stored image, in its pixels
/// (revup_image_region).
/// </summary>
internal readonly record struct ImageRegion(int Left, int Top, int Width, int Height);
