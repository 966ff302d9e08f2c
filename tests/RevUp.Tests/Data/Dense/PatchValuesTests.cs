namespace RevUp.Tests.Data.Dense;

/// <summary>Changes of values, against their definitions, and their shares.</summary>
[TestClass]
public sealed class PatchValuesTests
{
    private static readonly PatchAugmentation s_none = new()
    {
        NoiseShare = 0,
        BrightnessShare = 0,
        ContrastShare = 0,
        GammaShare = 0,
        InvertedGammaShare = 0,
    };

    private static float[] Values() => [.. Enumerable.Range(0, 40).Select(i => (float)Math.Sin(i * 0.7) * (1 + i % 2))];

    [TestMethod]
    public void GammaKeepsMeanAndDeviation()
    {
        float[] before = Values(), after = Values();
        PatchValues.Correct(after, channels: 2, channel: 1, exponent: 1.3);
        double[] channel = [.. before.Where((_, i) => i % 2 == 1).Select(value => (double)value)];
        (double least, double most) = (channel.Min(), channel.Max());
        double[] powers = [.. channel.Select(value => Math.Pow((value - least) / (most - least), 1.3))];
        (double mean, double deviation) = Moments(channel);
        (double own, double spread) = Moments(powers);
        for (int i = 0; i < 20; i++)
        {
            Assert.AreEqual(before[2 * i], after[2 * i]);
            Assert.AreEqual((powers[i] - own) / spread * deviation + mean, after[2 * i + 1], 1e-5);
        }
    }

    [TestMethod]
    public void ContrastStretchesAboutTheMeanWithinTheRange()
    {
        float[] before = Values(), after = Values();
        PatchValues.Stretch(after, channels: 1, channel: 0, factor: 1.2);
        double mean = before.Average(value => (double)value);
        for (int i = 0; i < before.Length; i++)
        {
            Assert.AreEqual(Math.Clamp(mean + 1.2 * (before[i] - mean), before.Min(), before.Max()), after[i], 1e-6);
        }
    }

    [TestMethod]
    public void EachChangeIsMadeInItsShare()
    {
        Assert.AreEqual(0, Changed(s_none));
        Assert.AreEqual(300, Changed(s_none with { NoiseShare = 0.3 }), 44); // three deviations
        Assert.AreEqual(300, Changed(s_none with { BrightnessShare = 0.3 }), 44);
        Assert.AreEqual(300, Changed(s_none with { ContrastShare = 0.3 }), 44);
        Assert.AreEqual(300, Changed(s_none with { GammaShare = 0.3 }), 44);
        Assert.AreEqual(300, Changed(s_none with { InvertedGammaShare = 0.3 }), 44);
    }

    [TestMethod]
    public void NoiseIsNormalWithADeviationUpToTheSetting()
    {
        float[] values = new float[20_000];
        PatchValues.Change(new SampleKey(1, 2, 3), s_none with { NoiseShare = 1, Noise = 0.5 }, values, 1);
        (double mean, double deviation) = Moments([.. values.Select(value => (double)value)]);
        Assert.IsTrue(deviation is > 0 and <= 0.51);
        Assert.AreEqual(0, mean, 4 * deviation / Math.Sqrt(values.Length));
        Assert.AreEqual(0.683, values.Count(value => Math.Abs(value) < deviation) / 20_000.0, 0.01);
    }

    [TestMethod]
    public void TheSameKeyGivesTheSameValues()
    {
        PatchAugmentation all = s_none with { NoiseShare = 1, BrightnessShare = 1, ContrastShare = 1, GammaShare = 1 };
        float[] first = Values(), second = Values(), other = Values();
        PatchValues.Change(new SampleKey(1, 2, 3), all, first, 2);
        PatchValues.Change(new SampleKey(1, 2, 3), all, second, 2);
        PatchValues.Change(new SampleKey(1, 2, 4), all, other, 2);
        CollectionAssert.AreEqual(first, second);
        CollectionAssert.AreNotEqual(first, other);
    }

    private static int Changed(PatchAugmentation settings) => Enumerable.Range(0, 1000).Count(index =>
    {
        float[] values = Values();
        PatchValues.Change(new SampleKey(9, 0, index), settings, values, 1);
        return !values.SequenceEqual(Values());
    });

    private static (double Mean, double Deviation) Moments(double[] values)
    {
        double mean = values.Average();
        return (mean, Math.Sqrt(values.Average(value => (value - mean) * (value - mean))));
    }
}
