namespace RevUp.Interop.Tests.Image;

/// <summary>Decodes images, and compares them with exact pixels or with real numbers.</summary>
internal static class Decoding
{
    internal static byte[] Decode(
        this ImageDecoder decoder, byte[] file, ImageRegion region, int height, int width, int channels)
    {
        byte[] pixels = new byte[height * width * channels];
        decoder.Decode(file, region, height, width, channels, pixels);
        return pixels;
    }

    /// <summary>A fresh decoder for one image.</summary>
    internal static byte[] DecodeOnce(byte[] file, ImageRegion region, int height, int width, int channels)
    {
        using ImageDecoder decoder = new();
        return decoder.Decode(file, region, height, width, channels);
    }

    /// <summary>The message with which the data is refused.</summary>
    internal static string Refusal(byte[] file, ImageRegion? region = null) =>
        Assert.ThrowsExactly<ImageFormatException>(
            () => DecodeOnce(file, region ?? new ImageRegion(0, 0, 8, 8), 8, 8, 3)).Message;

    /// <summary>
    /// Each byte is the real number rounded once, after float32 arithmetic whose weights and sums
    /// are good to 1e-5 of the largest byte.
    /// </summary>
    internal static void AssertRounded(double[] expected, byte[] actual, string what)
    {
        for (int i = 0; i < expected.Length; i++)
        {
            Tolerance.AssertWithin(expected[i], actual[i], 0.5 + (255 * 1e-5), $"{what}, sample {i}");
        }
    }
}
