using RevUp.Data.Transforms;

namespace RevUp.Tests.Data.Transforms;

[TestClass]
public sealed class ColorJitterTests
{
    private static readonly int[] Order = [0, 1, 2, 3];

    // Every corner, edge and grey of the colour cube, and what lies between.
    private static readonly byte[] Colours =
        [.. from r in Levels from g in Levels from b in Levels from value in new[] { r, g, b } select value];

    private static byte[] Levels => [0, 1, 77, 128, 200, 255];

    [TestMethod]
    [DataRow(0f)]
    [DataRow(0.6f)]
    [DataRow(1.4f)]
    public void BrightnessIsABlendWithBlack(float factor) =>
        AssertClose(Colours.Select(x => factor * x), Apply(new ColorJitter(factor, 1, 1, 0, Order), Colours));

    [TestMethod]
    [DataRow(0f)]
    [DataRow(0.5f)]
    [DataRow(1.7f)]
    public void ContrastIsABlendWithTheMeanGrey(float factor)
    {
        double mean = Colours.Chunk(3).Average(Grey);
        AssertClose(
            Colours.Select(x => factor * x + (1 - factor) * mean),
            Apply(new ColorJitter(1, factor, 1, 0, Order), Colours));
    }

    [TestMethod]
    [DataRow(0f)]
    [DataRow(0.5f)]
    [DataRow(1.7f)]
    public void SaturationIsABlendWithTheGreyImage(float factor) => AssertClose(
        Colours.Chunk(3).SelectMany(pixel => pixel.Select(x => factor * x + (1 - factor) * Grey(pixel))),
        Apply(new ColorJitter(1, 1, factor, 0, Order), Colours));

    [TestMethod]
    [DataRow(-0.5f)]
    [DataRow(-0.1f)]
    [DataRow(0.25f)]
    [DataRow(0.5f)]
    public void HueTurnsTheAngleOfHsvAndKeepsTheRest(float turn) => AssertClose(
        Colours.Chunk(3).SelectMany(pixel => Turned(pixel, turn)),
        Apply(new ColorJitter(1, 1, 1, turn, Order), Colours));

    [TestMethod]
    public void ThePrimariesTurnIntoEachOther()
    {
        byte[] primaries = [255, 0, 0, 0, 255, 0, 0, 0, 255];
        CollectionAssert.AreEqual(
            new byte[] { 0, 255, 0, 0, 0, 255, 255, 0, 0 }, Apply(new ColorJitter(1, 1, 1, 1 / 3f, Order), primaries));
    }

    [TestMethod]
    public void TheOrderMatters()
    {
        byte[] first = Apply(new ColorJitter(1.5f, 0.2f, 1, 0, 0, 1, 2, 3), Colours);
        byte[] other = Apply(new ColorJitter(1.5f, 0.2f, 1, 0, 1, 0, 2, 3), Colours);
        CollectionAssert.AreNotEqual(first, other);
        CollectionAssert.AreEqual(
            Apply(new ColorJitter(1, 0.2f, 1, 0, Order), Apply(new ColorJitter(1.5f, 1, 1, 0, Order), Colours)), first);
    }

    [TestMethod]
    public void AGreyImageHasNeitherSaturationNorHue()
    {
        byte[] grey = [3, 90, 255];
        ColorJitter jitter = new(1, 1, 0.1f, 0.5f, Order);
        jitter.Apply(grey, channels: 1);
        CollectionAssert.AreEqual(new byte[] { 3, 90, 255 }, grey);
    }

    [TestMethod]
    public void WithoutSettingsNothingChanges()
    {
        CounterRandom random = new(1, 2, 3);
        CollectionAssert.AreEqual(Colours, Apply(ColorJitter.Draw(ref random, new ColorJitterSettings()), Colours));
    }

    // The value 100 becomes 100·f, rounded: 50 to 150, of which the two ends take half a share.
    [TestMethod]
    public void FactorsAreUniform()
    {
        const int Draws = 20_000;
        int[] counts = new int[101];
        for (int i = 0; i < Draws; i++)
        {
            CounterRandom random = new(5, 6, i);
            byte[] pixel = [100, 100, 100];
            ColorJitter.Draw(ref random, new ColorJitterSettings { Brightness = 0.5 }).Apply(pixel, 3);
            counts[pixel[0] - 50]++;
        }
        double chiSquare = 0;
        for (int i = 0; i <= 100; i++)
        {
            double expected = Draws / 100.0 * (i is 0 or 100 ? 0.5 : 1);
            chiSquare += Math.Pow(counts[i] - expected, 2) / expected;
        }
        // 100 degrees of freedom, mean plus five standard deviations
        Assert.IsLessThan(100 + 5 * Math.Sqrt(200.0), chiSquare);
    }

    private static byte[] Apply(ColorJitter jitter, byte[] pixels)
    {
        byte[] copy = [.. pixels];
        jitter.Apply(copy, channels: 3);
        return copy;
    }

    private static void AssertClose(IEnumerable<double> expected, byte[] actual)
    {
        double[] clipped = [.. expected.Select(value => Math.Clamp(value, 0, 255))];
        Assert.HasCount(clipped.Length, actual);
        for (int i = 0; i < clipped.Length; i++)
        {
            Assert.AreEqual(clipped[i], actual[i], 0.5 + 1e-3, $"value {i}"); // rounded to bytes once
        }
    }

    private static void AssertClose(IEnumerable<float> expected, byte[] actual) =>
        AssertClose(expected.Select(value => (double)value), actual);

    private static double Grey(byte[] pixel) => 0.299 * pixel[0] + 0.587 * pixel[1] + 0.114 * pixel[2];

    // Through hue, saturation and value as the textbook has them, sector by sector.
    private static double[] Turned(byte[] pixel, double turn)
    {
        double max = pixel.Max(), min = pixel.Min(), chroma = max - min;
        if (chroma == 0)
        {
            return [max, max, max];
        }
        (double r, double g, double b) = (pixel[0], pixel[1], pixel[2]);
        double sextant = max == r ? (g - b) / chroma : max == g ? 2 + (b - r) / chroma : 4 + (r - g) / chroma;
        double angle = ((sextant / 6 + turn) % 1 + 1) % 1 * 6;
        int sector = (int)angle;
        double rising = min + chroma * (angle - sector), falling = max - chroma * (angle - sector);
        return sector switch
        {
            0 => [max, rising, min],
            1 => [falling, max, min],
            2 => [min, max, rising],
            3 => [min, falling, max],
            4 => [rising, min, max],
            _ => [max, min, falling],
        };
    }
}
