using RevUp.Tensors;

namespace RevUp.Data;

/// <summary>A part of an image, in its own pixels.</summary>
/// <param name="Left">First column.</param>
/// <param name="Top">First row.</param>
/// <param name="Width">Columns.</param>
/// <param name="Height">Rows.</param>
internal readonly record struct CropRegion(int Left, int Top, int Width, int Height)
{
    private const int Tries = 10;

    /// <summary>
    /// RandomResizedCrop: an area uniform in scale × the image's, a ratio width / height
    /// log-uniform, rounded, at a uniform place; after ten that do not fit, the largest central
    /// part whose ratio is in range.
    /// </summary>
    internal static CropRegion DrawResized(
        ref CounterRandom random, ResizedCropSettings settings, int width, int height)
    {
        double area = (double)width * height;
        (double low, double high) = (Math.Log(settings.MinimumRatio), Math.Log(settings.MaximumRatio));
        for (int attempt = 0; attempt < Tries; attempt++)
        {
            double target =
                area * (settings.MinimumScale + random.NextDouble() * (settings.MaximumScale - settings.MinimumScale));
            double ratio = Math.Exp(low + random.NextDouble() * (high - low));
            double columns = Math.Round(Math.Sqrt(target * ratio)), rows = Math.Round(Math.Sqrt(target / ratio));
            if (columns >= 1 && columns <= width && rows >= 1 && rows <= height)
            {
                int top = random.NextInt(height - (int)rows + 1);
                return new CropRegion(random.NextInt(width - (int)columns + 1), top, (int)columns, (int)rows);
            }
        }
        double own = (double)width / height;
        int w = own > settings.MaximumRatio ? (int)Math.Round(height * settings.MaximumRatio) : width;
        int h = own < settings.MinimumRatio ? (int)Math.Round(width / settings.MinimumRatio) : height;
        return Central(Math.Max(1, w), Math.Max(1, h), width, height);
    }

    /// <summary>
    /// The part of the image that remains when the shorter side is resized to
    /// <paramref name="resize"/> and H × W are cut from the centre. One scaling of the source does
    /// both. The region is rounded to whole pixels of the source, so it is off by at most half a
    /// pixel.
    /// </summary>
    internal static CropRegion Center(int resize, int sampleHeight, int sampleWidth, int width, int height)
    {
        double scale = (double)Math.Min(width, height) / resize;
        return Central(
            Math.Clamp((int)Math.Round(sampleWidth * scale), 1, width),
            Math.Clamp((int)Math.Round(sampleHeight * scale), 1, height), width, height);
    }

    private static CropRegion Central(int w, int h, int width, int height) =>
        new((width - w) / 2, (height - h) / 2, w, h);
}
