namespace RevUp.Interop.Tests.Image;

/// <summary>
/// Seeded damage of every sort: the decoder returns pixels or an
/// <see cref="ImageFormatException"/>, and decodes a good file as before. What it must not do, to
/// touch memory that is not its own, shows under `./build.sh sanitize`.
/// </summary>
[TestClass]
internal sealed class FuzzedImageTests
{
    private const int Cases = 400;
    private const int Height = 56;
    private const int Width = 72;

    private static IEnumerable<object[]> Files
    {
        get
        {
            Pixels photo = TestImages.Photo(Height, Width, 3);
            ushort[] indices = Array.ConvertAll(TestImages.Photo(Height, Width, 1).Data, value => (ushort)(value >> 4));
            yield return ["baseline", TurboJpeg.Encode(photo, TurboSampling.Yuv420)];
            yield return ["progressive", TurboJpeg.Encode(photo, TurboSampling.Yuv422, progressive: true)];
            yield return ["grey", TurboJpeg.Encode(photo, TurboSampling.Grey)];
            yield return ["CMYK", TurboJpeg.Encode(TestImages.Photo(Height, Width, 4), TurboSampling.Yuv444)];
            yield return ["PNG", PngWriter.Write(photo)];
            yield return ["interlaced PNG", PngWriter.Write(photo, interlaced: true)];
            yield return ["palette PNG", PngWriter.Write(
                indices, Height, Width, PngColor.Palette, 4, palette: new byte[48], transparency: [0, 1, 2])];
        }
    }

    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    [DynamicData(nameof(Files))]
    internal void NoDamageDoesMoreThanAnException(string name, byte[] file)
    {
        Random random = new(name.Length);
        using ImageDecoder decoder = new();
        byte[] pixels = new byte[16 * 16 * 3];
        decoder.Decode(file, new ImageRegion(0, 0, Width, Height), 16, 16, 3, pixels);
        byte[] good = [.. pixels];
        int refused = 0;

        for (int i = 0; i < Cases; i++)
        {
            refused += IsRefused(decoder, Resealed(Damage.Of(file, random, i)), random, pixels) ? 1 : 0;
        }

        TestContext.WriteLine($"{name}: {refused} of {Cases} refused");
        Assert.IsGreaterThan(Cases / 4, refused, $"{refused} of {Cases} refused: the damage reaches the decoder");
        decoder.Decode(file, new ImageRegion(0, 0, Width, Height), 16, 16, 3, pixels);
        CollectionAssert.AreEqual(good, pixels, "after all that, a good file gives the same pixels");
    }

    private static bool IsRefused(ImageDecoder decoder, byte[] file, Random random, byte[] pixels)
    {
        try
        {
            ImageInfo info = ImageDecoder.Inspect(file);
            int left = random.Next(info.Width), top = random.Next(info.Height);
            int channels = random.Next(2) == 0 ? 1 : 3;
            ImageRegion region = new(left, top, 1 + random.Next(info.Width - left), 1 + random.Next(info.Height - top));
            decoder.Decode(file, region, 16, 16, channels, pixels.AsSpan(0, 16 * 16 * channels));
            return false;
        }
        catch (ImageFormatException exception)
        {
            Assert.IsGreaterThan(10, exception.Message.Length);
            return true;
        }
    }

    // Without right checksums libpng would look no further than at these.
    private static byte[] Resealed(byte[] file)
    {
        if (file.AsSpan().StartsWith((byte[])[0x89, 0x50]))
        {
            PngWriter.SealAll(file);
        }

        return file;
    }
}
