namespace RevUp.Interop.Tests.Image;

/// <summary>
/// PNG of every kind against the samples that it was written from, and the resampler against its
/// float64 twin.
/// </summary>
[TestClass]
internal sealed class PngTests
{
    private const int Height = 21;
    private const int Width = 35;

    private static IEnumerable<object[]> Kinds =>
        from kind in ((PngColor Color, int[] Depths)[])
        [
            (PngColor.Grey, [1, 2, 4, 8, 16]), (PngColor.Rgb, [8, 16]), (PngColor.Palette, [1, 2, 4, 8]),
            (PngColor.GreyAlpha, [8, 16]),
            (PngColor.Rgba, [8, 16]),
        ]
        from depth in kind.Depths
        from interlaced in (bool[])[false, true]
        select new object[] { kind.Color, depth, interlaced };

    [TestMethod]
    [DynamicData(nameof(Kinds))]
    internal void EveryKindBecomesEightBitRgbOrGrey(PngColor color, int depth, bool interlaced)
    {
        ushort[] samples = Samples(color, depth);
        byte[] palette = Palette(depth);
        byte[]? transparency = color == PngColor.Palette ? [0, 128] : null;
        byte[] file = PngWriter.Write(
            samples, Height, Width, color, depth, interlaced, color == PngColor.Palette ? palette : null, transparency);
        Pixels rgb = Pixels.Fill(
            Height, Width, 3, (y, x, c) => Rgb(samples, color, depth, palette, (y * Width) + x, c));
        using ImageDecoder decoder = new();

        int components = color == PngColor.Palette ? 3 : PngWriter.Channels(color);
        Assert.AreEqual(new ImageInfo(ImageFormat.Png, Width, Height, components), ImageDecoder.Inspect(file));
        foreach (ImageRegion region in (ImageRegion[])[rgb.Whole, new(3, 5, 17, 9), new(34, 20, 1, 1)])
        {
            CollectionAssert.AreEqual(
                rgb.Crop(region).Data, decoder.Decode(file, region, region.Height, region.Width, 3), $"{region}");
        }

        byte[] grey = decoder.Decode(file, rgb.Whole, Height, Width, 1);
        for (int i = 0; i < grey.Length; i++)
        {
            double luma = (0.299 * rgb.Data[3 * i]) + (0.587 * rgb.Data[(3 * i) + 1]) + (0.114 * rgb.Data[(3 * i) + 2]);
            Tolerance.AssertWithin(luma, grey[i], 0.51, $"grey sample {i}, of weights in 16 bits");
        }
    }

    [TestMethod]
    [DataRow(1, 1, 7, 5)]
    [DataRow(5, 3, 1, 1)]
    [DataRow(64, 48, 64, 48)]
    [DataRow(64, 48, 13, 100)]
    [DataRow(37, 91, 36, 17)]
    [DataRow(90, 7, 3, 60)]
    [DataRow(1, 200, 3, 2)]
    internal void ResamplingIsThatOfTheFormula(int height, int width, int outHeight, int outWidth)
    {
        foreach (int channels in (int[])[1, 3])
        {
            Pixels source = TestImages.Noise(height, width, channels);
            double[] expected = TestImages.Resample(source, outHeight, outWidth);

            byte[] actual = Decoding.DecodeOnce(PngWriter.Write(source), source.Whole, outHeight, outWidth, channels);

            Decoding.AssertRounded(expected, actual, $"{channels} channels");
        }
    }

    [TestMethod]
    internal void ARegionKnowsNothingOfItsSurroundings()
    {
        ImageRegion region = new(20, 10, 30, 25);
        Pixels constant = Pixels.Fill(
            60, 80, 3, (y, x, _) => (byte)(x is >= 20 and < 50 && y is >= 10 and < 35 ? 77 : 255));
        using ImageDecoder decoder = new();

        foreach ((int height, int width) in ((int, int)[])[(11, 8), (25, 30), (90, 101)])
        {
            Assert.IsTrue(
                decoder.Decode(PngWriter.Write(constant), region, height, width, 3).All(value => value == 77),
                $"{height}x{width}");
        }
    }

    private static ushort[] Samples(PngColor color, int depth)
    {
        Random random = new(depth);
        ushort[] samples = new ushort[Height * Width * PngWriter.Channels(color)];
        for (int i = 0; i < samples.Length; i++)
        {
            samples[i] = (ushort)random.Next(1 << depth);
        }

        return samples;
    }

    private static byte[] Palette(int depth)
    {
        byte[] palette = new byte[3 * (1 << Math.Min(depth, 8))];
        new Random(1).NextBytes(palette);
        return palette;
    }

    private static byte Rgb(ushort[] samples, PngColor color, int depth, byte[] palette, int pixel, int channel)
    {
        int stored = PngWriter.Channels(color);
        int sample = samples[(pixel * stored) + (stored >= 3 ? channel : 0)];
        return color == PngColor.Palette
            ? palette[(3 * sample) + channel]
            : (byte)Math.Round(sample * 255.0 / ((1 << depth) - 1));
    }
}
