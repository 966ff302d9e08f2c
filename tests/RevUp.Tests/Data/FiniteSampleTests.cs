namespace RevUp.Tests.Data;

/// <summary>
/// Numbers that are not finite are named by their sample, and nobody trains on them.
/// </summary>
[TestClass]
public sealed class FiniteSampleTests
{
    [TestMethod]
    [DataRow(float.NaN)]
    [DataRow(float.PositiveInfinity)]
    [DataRow(float.NegativeInfinity)]
    public void ALoaderNamesTheSample(float value)
    {
        using Numbers data = new(bad: 3, value);
        BatchLoaderOptions options = new() { BatchSize = 4, Damaged = new DamagedSamples(data, 0.2) };
        using BatchLoader loader = new(data, new([0], [1]), options);
        Assert.AreEqual(9, loader.Epoch(0).Sum(batch => batch.Count), "an evaluation leaves it out");
        DamagedSample sample = loader.Damaged.ToList().Single();
        Assert.AreEqual(3, sample.Index);
        Assert.StartsWith("sample 3: value 7 is ", sample.Reason);

        using BatchLoader strict = new(data, new([0], [1]), options with { Damaged = null });
        Assert.Refuses<DataFileException>(() => strict.Epoch(0).Count(), "sample 3: value 7");
    }

    [TestMethod]
    public void StatisticsLeaveItOut()
    {
        using Numbers data = new(bad: 3, float.NaN), whole = new(bad: -1, 0);
        ChannelNormalization with = ChannelNormalization.Compute(data), without = ChannelNormalization.Compute(whole);
        Assert.AreEqual(Enumerable.Range(0, 10).Where(i => i != 3).Average(), with.Mean[0], 1e-9);
        Assert.AreEqual(4.5, without.Mean[0], 1e-9);
        using Numbers nothing = new(bad: 3, float.NaN, count: 4, onlyBad: true);
        Assert.Refuses<DataFileException>(() => ChannelNormalization.Compute(nothing), "not finite");
    }

    [TestMethod]
    public void TheFirstNumberThatIsNotFiniteIsFoundAtEveryPlace()
    {
        float[] values = new float[67];
        Assert.AreEqual(-1, FiniteValues.IndexOfOther(values));
        values.AsSpan().Fill(float.MaxValue);
        Assert.AreEqual(-1, FiniteValues.IndexOfOther(values));
        for (int i = values.Length - 1; i >= 0; i--)
        {
            values[i] = i % 2 == 0 ? float.NaN : float.NegativeInfinity;
            Assert.AreEqual(i, FiniteValues.IndexOfOther(values));
        }
    }

    // Samples of eight numbers, all of them the sample's own; but one number of a bad sample.
    private sealed class Numbers(int bad, float value, int count = 10, bool onlyBad = false) : ImageDataset
    {
        public override int Count => count;

        public override IReadOnlyList<string> Classes => ["a", "b"];

        public override Shape Sample => new(1, 2, 4, 1);

        public override int Label(int index) => index % 2;

        public override SampleReader OpenReader() => new Reader(this);

        private void Fill(int index, Span<float> destination)
        {
            destination.Fill(index);
            destination[7] = index == bad || onlyBad ? value : index;
        }

        private sealed class Reader(Numbers numbers) : SampleReader
        {
            internal override void Write(int index, SampleKey key, SampleTransform transform, SampleRow row) =>
                numbers.Fill(index, row.Values);

            internal override void Measure(int index, ChannelStatistics statistics)
            {
                float[] values = new float[8];
                numbers.Fill(index, values);
                statistics.Add(values);
            }
        }
    }
}
