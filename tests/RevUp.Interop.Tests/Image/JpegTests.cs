namespace RevUp.Interop.Tests.Image;

/// <summary>
/// JPEG against TurboJPEG's whole decoding of the same file and the float64 resampler.
/// </summary>
[TestClass]
internal sealed class JpegTests
{
    private static readonly TurboJpeg s_turbo = new();

    private static IEnumerable<object[]> Encodings =>
        from sampling in Enum.GetValues<TurboSampling>()
        from progressive in (bool[])[false, true]
        select new object[] { sampling, progressive };

    [ClassCleanup]
    public static void Dispose() => s_turbo.Dispose();

    [TestMethod]
    [DynamicData(nameof(Encodings))]
    internal void InspectionReadsTheHeader(TurboSampling sampling, bool progressive)
    {
        byte[] file = TurboJpeg.Encode(TestImages.Photo(37, 53, 3), sampling, progressive);

        Assert.AreEqual(
            new ImageInfo(ImageFormat.Jpeg, 53, 37, sampling == TurboSampling.Grey ? 1 : 3),
            ImageDecoder.Inspect(file));
    }

    [TestMethod]
    [DynamicData(nameof(Encodings))]
    internal void ARegionAtFullSizeIsTheCropOfTheWholeImage(TurboSampling sampling, bool progressive)
    {
        byte[] file = TurboJpeg.Encode(TestImages.Photo(123, 157, 3), sampling, progressive);
        Pixels whole = Whole(file, 123, 157);
        ImageRegion[] regions =
            [
                whole.Whole,
                new(0, 0, 1, 1),
                new(156, 122, 1, 1),
                new(33, 17, 64, 32),
                new(31, 49, 97, 74),
                new(1, 1, 155, 121),
                new(64, 64, 16, 16),
            ];
        using ImageDecoder decoder = new();

        foreach (ImageRegion region in regions)
        {
            CollectionAssert.AreEqual(
                whole.Crop(region).Data, decoder.Decode(file, region, region.Height, region.Width, 3), $"{region}");
        }
    }

    [TestMethod]
    [DataRow(40, 40, 57, 61, 224, 224)]
    [DataRow(3, 90, 150, 20, 139, 19)]
    [DataRow(11, 7, 120, 100, 61, 53)]
    [DataRow(0, 0, 157, 123, 80, 63)]
    internal void WithinAFactorOfTwoARegionIsResampledExactly(
        int left, int top, int width, int height, int outWidth, int outHeight)
    {
        byte[] file = TurboJpeg.Encode(TestImages.Photo(123, 157, 3), TurboSampling.Yuv420);
        ImageRegion region = new(left, top, width, height);
        double[] expected = TestImages.Resample(Whole(file, 123, 157).Crop(region), outHeight, outWidth);

        Decoding.AssertRounded(expected, Decoding.DecodeOnce(file, region, outHeight, outWidth, 3), $"{region}");
    }

    /// <summary>
    /// The scaled transform averages blocks of 2, 4 or 8 pixels by a slightly different filter than
    /// a triangle.
    /// </summary>
    [TestMethod]
    [DataRow(TurboSampling.Yuv444, 2.3)]
    [DataRow(TurboSampling.Yuv420, 2.3)]
    [DataRow(TurboSampling.Yuv420, 4.9)]
    [DataRow(TurboSampling.Yuv420, 9.7)]
    [DataRow(TurboSampling.Yuv422, 3.9)]
    internal void ScalingInTheTransformIsCloseToExactResampling(TurboSampling sampling, double ratio)
    {
        byte[] file = TurboJpeg.Encode(TestImages.Photo(600, 800, 3), sampling);
        ImageRegion region = new(101, 53, 611, 507);
        int height = (int)(region.Height / ratio), width = (int)(region.Width / ratio);
        double[] expected = TestImages.Resample(Whole(file, 600, 800).Crop(region), height, width);

        double quality = TestImages.PeakSignalToNoise(expected, Decoding.DecodeOnce(file, region, height, width, 3));

        Assert.IsGreaterThan(36, quality, $"{quality:F1} dB");
    }

    [TestMethod]
    internal void GreyIsTheLumaOfAColourImage()
    {
        byte[] file = TurboJpeg.Encode(TestImages.Photo(40, 60, 3), TurboSampling.Yuv420);
        byte[] luma = new byte[40 * 60];
        s_turbo.Decode(file, TurboPixels.Grey, luma);

        CollectionAssert.AreEqual(luma, Decoding.DecodeOnce(file, new ImageRegion(0, 0, 60, 40), 40, 60, 1));
    }

    [TestMethod]
    internal void AGreyImageHasThreeEqualChannels()
    {
        byte[] file = TurboJpeg.Encode(TestImages.Photo(40, 60, 3), TurboSampling.Grey);
        ImageRegion region = new(5, 5, 50, 30);
        byte[] grey = Decoding.DecodeOnce(file, region, 44, 43, 1);

        CollectionAssert.AreEqual(
            grey.SelectMany(value => (byte[])[value, value, value]).ToArray(),
            Decoding.DecodeOnce(file, region, 44, 43, 3));
    }

    /// <summary>
    /// With Adobe's marker the samples are 255 − ink; without it they are the ink.
    /// </summary>
    [TestMethod]
    [DataRow(true)]
    [DataRow(false)]
    internal void CmykBecomesRgb(bool adobe)
    {
        Pixels ink = TestImages.Photo(45, 67, 4);
        byte[] file = TurboJpeg.Encode(ink, TurboSampling.Yuv420);
        file = adobe ? file : JpegSegments.Without(file, JpegSegments.Adobe);
        byte[] stored = new byte[ink.Data.Length];
        s_turbo.Decode(file, TurboPixels.Cmyk, stored);
        Pixels light = new(adobe ? stored : Array.ConvertAll(stored, value => (byte)(255 - value)), 45, 67, 4);
        Pixels rgb = Pixels.Fill(45, 67, 3, (y, x, c) => (byte)Math.Round(light[y, x, c] * light[y, x, 3] / 255.0));
        Pixels grey = Pixels.Fill(
            45, 67, 1,
            (y, x, _) => (byte)Math.Round((0.299 * rgb[y, x, 0]) + (0.587 * rgb[y, x, 1]) + (0.114 * rgb[y, x, 2])));

        Assert.AreEqual(4, ImageDecoder.Inspect(file).Components);
        CollectionAssert.AreEqual(rgb.Data, Decoding.DecodeOnce(file, rgb.Whole, 45, 67, 3));
        double[] exact = Array.ConvertAll(grey.Data, value => (double)value);
        byte[] actual = Decoding.DecodeOnce(file, rgb.Whole, 45, 67, 1);
        for (int i = 0; i < exact.Length; i++)
        {
            Tolerance.AssertWithin(exact[i], actual[i], 1, $"grey sample {i}: fixed point rounds a tie the other way");
        }
    }

    [TestMethod]
    internal void TheOrientationOfExifIsIgnored()
    {
        byte[] file = TurboJpeg.Encode(TestImages.Photo(24, 40, 3), TurboSampling.Yuv444);
        // TIFF header, one entry: tag 0x0112 (orientation), a short, 6 (turned by 90 degrees).
        byte[] turned = JpegSegments.With(
            file, 0xE1, [.. "Exif\0\0MM\0*\0\0\0\x08"u8, 0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, 6, 0, 0, 0, 0, 0, 0]);

        Assert.AreEqual(ImageDecoder.Inspect(file), ImageDecoder.Inspect(turned));
        CollectionAssert.AreEqual(
            Decoding.DecodeOnce(file, new ImageRegion(0, 0, 40, 24), 24, 40, 3),
            Decoding.DecodeOnce(turned, new ImageRegion(0, 0, 40, 24), 24, 40, 3));
    }

    private static Pixels Whole(byte[] file, int height, int width)
    {
        Pixels whole = new(new byte[height * width * 3], height, width, 3);
        s_turbo.Decode(file, TurboPixels.Rgb, whole.Data);
        return whole;
    }
}
