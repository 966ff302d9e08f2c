namespace RevUp.Tests.Data.Transforms;

[TestClass]
public sealed class CropRegionTests
{
    private static readonly ResizedCropSettings Published = new();

    // With scale up to one half of a square image every try fits, so that what is drawn is what
    // comes out.
    [TestMethod]
    public void AreaIsUniformAndRatioIsLogUniform()
    {
        const int Draws = 40_000, Extent = 4_000, Bins = 20;
        ResizedCropSettings settings = new() { MaximumScale = 0.5 };
        int[] areas = new int[Bins], ratios = new int[Bins];
        for (int i = 0; i < Draws; i++)
        {
            CropRegion crop = Draw(settings, Extent, Extent, i);
            double scale = (double)crop.Width * crop.Height / Extent / Extent, ratio = (double)crop.Width / crop.Height;
            areas[Bin((scale - 0.08) / 0.42, Bins)]++;
            ratios[Bin(Math.Log(ratio * 4 / 3) / Math.Log(16.0 / 9), Bins)]++;
        }
        AssertUniform(areas, Draws);
        AssertUniform(ratios, Draws);
    }

    [TestMethod]
    public void ThePlaceIsUniform()
    {
        const int Draws = 40_000;
        ResizedCropSettings settings =
            new() { MinimumScale = 0.25, MaximumScale = 0.25, MinimumRatio = 1, MaximumRatio = 1 };
        int[] lefts = new int[11], tops = new int[11];
        for (int i = 0; i < Draws; i++)
        {
            CropRegion crop = Draw(settings, 20, 20, i);
            Assert.AreEqual((10, 10), (crop.Width, crop.Height));
            lefts[crop.Left]++;
            tops[crop.Top]++;
        }
        AssertUniform(lefts, Draws);
        AssertUniform(tops, Draws);
    }

    [TestMethod]
    [DataRow(500, 375)]
    [DataRow(31, 17)]
    [DataRow(1, 1)]
    [DataRow(1, 900)]
    [DataRow(2, 3)]
    public void EveryPartLiesInsideTheImage(int width, int height)
    {
        for (int i = 0; i < 2_000; i++)
        {
            CropRegion crop = Draw(Published, width, height, i);
            Assert.IsTrue(
                crop.Left >= 0 && crop.Top >= 0 && crop.Width > 0 && crop.Height > 0 && crop.Left + crop.Width <= width
                    && crop.Top + crop.Height <= height,
                $"{crop} of {width} × {height}");
        }
    }

    // An image so long that no try fits: the whole shorter side, at the nearest ratio that is
    // allowed, in the centre.
    [TestMethod]
    [DataRow(1000, 30, 480, 0, 40, 30)]
    [DataRow(30, 1000, 0, 480, 30, 40)]
    public void AfterTenTriesItIsTheCentre(int width, int height, int left, int top, int cropWidth, int cropHeight)
    {
        ResizedCropSettings whole = Published with { MinimumScale = 0.9 };
        Assert.AreEqual(new CropRegion(left, top, cropWidth, cropHeight), Draw(whole, width, height, 1));
    }

    [TestMethod]
    public void WithoutAFittingTryAnImageOfAnAllowedRatioStaysWhole()
    {
        ResizedCropSettings impossible = new() { MinimumScale = 1, MinimumRatio = 1.3, MaximumRatio = 4.0 / 3 };
        Assert.AreEqual(new CropRegion(0, 0, 4000, 3030), Draw(impossible, 4000, 3030, 1));
    }

    // Resize the shorter side to 256, then cut 224 × 224 from the centre: 7/8 of the shorter side.
    [TestMethod]
    [DataRow(500, 375, 86, 23, 328, 328)]
    [DataRow(256, 256, 16, 16, 224, 224)]
    [DataRow(1024, 2048, 64, 576, 896, 896)]
    [DataRow(1, 1, 0, 0, 1, 1)]
    public void TheCentreIsThatOfResizingFirst(
        int width, int height, int left, int top, int cropWidth, int cropHeight) =>
        Assert.AreEqual(
            new CropRegion(left, top, cropWidth, cropHeight), CropRegion.Center(256, 224, 224, width, height));

    [TestMethod]
    public void AFramingWithoutSettingsIsTheWholeImage()
    {
        Framing framing = new(new Augmentation(), default, 224, 224);
        Assert.AreEqual(new CropRegion(0, 0, 640, 481), framing.Choose(640, 481));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => framing.Choose(0, 5));
    }

    [TestMethod]
    public void AFramingAnswersTheSameWheneverItIsAsked()
    {
        Augmentation augmentation = new() { RandomResizedCrop = Published, Resize = 256 };
        Framing framing = new(augmentation, new SampleKey(1, 2, 3), 224, 224);
        CropRegion first = framing.Choose(640, 480);
        Assert.AreEqual(first, framing.Choose(640, 480));
        Assert.AreNotEqual(first, new Framing(augmentation, new SampleKey(1, 2, 4), 224, 224).Choose(640, 480));
        Assert.AreNotEqual(first, new Framing(augmentation, new SampleKey(1, 3, 3), 224, 224).Choose(640, 480));
    }

    private static CropRegion Draw(ResizedCropSettings settings, int width, int height, int index)
    {
        CounterRandom random = new SampleKey(7, 0, index).Draws(RandomStreams.ResizedCrop);
        return CropRegion.DrawResized(ref random, settings, width, height);
    }

    // Rounding to whole pixels moves values at the very ends out of the range.
    private static int Bin(double fraction, int bins) => Math.Clamp((int)(fraction * bins), 0, bins - 1);

    private static void AssertUniform(int[] bins, int draws)
    {
        double expected = (double)draws / bins.Length;
        double chiSquare = bins.Sum(count => Math.Pow(count - expected, 2) / expected);
        int freedom = bins.Length - 1;
        // mean plus five standard deviations
        Assert.IsLessThan(freedom + 5 * Math.Sqrt(2.0 * freedom), chiSquare, string.Join(' ', bins));
    }
}
