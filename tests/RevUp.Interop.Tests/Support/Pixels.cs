using RevUp.Interop.Image;

namespace RevUp.Interop.Tests.Support;

/// <summary>An image in memory: [Height, Width, Channels] bytes.</summary>
internal sealed record Pixels(byte[] Data, int Height, int Width, int Channels)
{
    internal byte this[int y, int x, int c] => Data[(((y * Width) + x) * Channels) + c];

    internal ImageRegion Whole => new(0, 0, Width, Height);

    /// <summary>The region's own pixels.</summary>
    internal Pixels Crop(ImageRegion region) =>
        Fill(region.Height, region.Width, Channels, (y, x, c) => this[y + region.Top, x + region.Left, c]);

    internal static Pixels Fill(int height, int width, int channels, Func<int, int, int, byte> value)
    {
        Pixels pixels = new(new byte[height * width * channels], height, width, channels);
        for (int i = 0; i < pixels.Data.Length; i++)
        {
            pixels.Data[i] = value(i / channels / width, i / channels % width, i % channels);
        }

        return pixels;
    }
}
