using System.Runtime.InteropServices;

namespace RevUp.Tests.Data.Dense;

/// <summary>Resampling of values and labels, against scipy and in its memory.</summary>
[TestClass]
public sealed class ResamplerTests
{
    [TestMethod]
    public void ValuesAndLabelsAreThoseOfScipy()
    {
        using TemporaryFolder folder = new();
        string[] lines = PythonOracle.Run(
            "tests/RevUp.Tests/Data/Dense/dense_oracle.py", "python3-scipy", folder.Path);
        Assert.HasCount(6, lines);
        foreach (string line in lines)
        {
            string[] words = line.Split(' ');
            int[] numbers = [.. words[1..].Select(word => int.Parse(word, CultureInfo.InvariantCulture))];
            VolumeExtents before = new(numbers[0], numbers[1], numbers[2], numbers[6]);
            VolumeExtents to = new(numbers[3], numbers[4], numbers[5], numbers[6]);
            int? nearest = numbers[7] < 0 ? null : numbers[7];
            float[] values = CubicResampler.Resize(Load<float>(folder[words[0] + ".in"]), before, to, nearest);
            float[] expected = Load<float>(folder[words[0] + ".out"]);
            Assert.HasCount(expected.Length, values);
            for (int i = 0; i < values.Length; i++)
            {
                // Three passes of about ten roundings each on values up to 4, amplified up to 3
                // times
                // by each axis's filter.
                Assert.AreEqual(expected[i], values[i], 2e-5f, line);
            }
            ushort[] labels = LabelResampler.Resize(
                Load<ushort>(folder[words[0] + ".labels"]),
                before with { Channels = 1 },
                to with { Channels = 1 },
                nearest);
            CollectionAssert.AreEqual(Load<ushort>(folder[words[0] + ".map"]), labels, line);
        }
    }

    [TestMethod]
    public void AtThreeTimesTheExtentsTheValuesAreAmongTheResult()
    {
        VolumeExtents before = new(4, 5, 6, 1), to = new(12, 15, 18, 1);
        float[] source = [.. Enumerable.Range(0, 120).Select(i => (float)Math.Sin(i * 1.7))];
        float[] result = CubicResampler.Resize(source, before, to, null);
        for (int i = 0; i < source.Length; i++)
        {
            (int d, int h, int w) = (3 * (i / 30) + 1, 3 * (i / 6 % 5) + 1, 3 * (i % 6) + 1);
            Assert.AreEqual(source[i], result[(d * 15 + h) * 18 + w], 2e-6f);
        }
    }

    [TestMethod]
    public void DoublingTakesLessThanOneAndAHalfTimesTheResult()
    {
        VolumeExtents before = new(48, 48, 48, 1), to = new(96, 96, 96, 1);
        float[] source = new float[(int)before.Count];
        CubicResampler.Resize(source, before, to, null);
        long allocated = GC.GetAllocatedBytesForCurrentThread();
        float[] result = CubicResampler.Resize(source, before, to, null);
        long taken = GC.GetAllocatedBytesForCurrentThread() - allocated + sizeof(float) * source.LongLength;
        Assert.IsLessThanOrEqualTo(1.5 * sizeof(float) * result.Length, taken);
    }

    [TestMethod]
    public void LabelsMayBeIgnored()
    {
        ushort[] labels = [0, 0, ushort.MaxValue, ushort.MaxValue];
        ushort[] result = LabelResampler.Resize(labels, new(1, 1, 4, 1), new(1, 1, 8, 1), null);
        ushort[] expected = [0, 0, 0, 0, ushort.MaxValue, ushort.MaxValue, ushort.MaxValue, ushort.MaxValue];
        CollectionAssert.AreEqual(expected, result);
    }

    private static T[] Load<T>(string path) where T : unmanaged =>
        MemoryMarshal.Cast<byte, T>(File.ReadAllBytes(path)).ToArray();
}
