namespace RevUp.Tests.Data;

[TestClass]
public sealed class DatasetTests
{
    [TestMethod]
    public void SyntheticImagesAreReproducibleAndDifferBetweenSplitsAndSeeds()
    {
        SyntheticDataset first = Create(seed: 1, DatasetSplit.Train);
        CollectionAssert.AreEqual(first.Pixels(5).ToArray(), Create(seed: 1, DatasetSplit.Train).Pixels(5).ToArray());
        CollectionAssert.AreNotEqual(first.Pixels(5).ToArray(), Create(seed: 1, DatasetSplit.Test).Pixels(5).ToArray());
        CollectionAssert.AreNotEqual(
            first.Pixels(5).ToArray(), Create(seed: 2, DatasetSplit.Train).Pixels(5).ToArray());
    }

    [TestMethod]
    public void TheNearestClassMeanOfTheTrainingSetClassifiesTheTestSet()
    {
        SyntheticDataset train = Create(seed: 3, DatasetSplit.Train), test = Create(seed: 3, DatasetSplit.Test);
        double[][] means = [.. Enumerable.Range(0, 5).Select(label => Mean(train, label))];
        int correct = Enumerable.Range(0, test.Count).Count(index =>
        {
            byte[] image = test.Pixels(index).ToArray();
            int nearest = Enumerable.Range(0, 5)
                .MinBy(label => means[label].Zip(image, (mean, x) => (mean - x) * (mean - x)).Sum());
            return nearest == test.Label(index);
        });
        Assert.IsGreaterThan(0.95 * test.Count, correct);
    }

    [TestMethod]
    public void SyntheticSizesAreChecked()
    {
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(
            () => SyntheticDataset.Create(0, new Shape(1, 4, 4, 1), 2, 0));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(
            () => SyntheticDataset.Create(1, new Shape(1, 4, 4, 1), 257, 0));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(
            () => SyntheticDataset.Create(int.MaxValue, new Shape(1, int.MaxValue, int.MaxValue, 1), 2, 0));
    }

    [TestMethod]
    public void StatisticsAgreeWithTheTwoPassFormula()
    {
        SyntheticDataset dataset = Create(seed: 4, DatasetSplit.Train);
        var normalization = ChannelNormalization.Compute(dataset);
        for (int channel = 0; channel < 3; channel++)
        {
            IEnumerable<byte> bytes = Enumerable.Range(0, dataset.Count)
                .SelectMany(index => dataset.Pixels(index).ToArray().Where((_, i) => i % 3 == channel));
            double[] values = [.. bytes.Select(x => x / 255.0)];
            double mean = values.Average();
            Assert.AreEqual(mean, normalization.Mean[channel], 1e-12);
            Assert.AreEqual(
                Math.Sqrt(values.Average(x => (x - mean) * (x - mean))), normalization.Deviation[channel], 1e-12);
        }
    }

    [TestMethod]
    public void TheTableHoldsTheNormalisedValues()
    {
        var normalization = new ChannelNormalization([0.5, 0.25], [0.5, 0.125]);
        Assert.AreEqual((-1f, 1f), (normalization.Table(0)[0], normalization.Table(0)[255]));
        Assert.AreEqual((-2f, 6f), (normalization.Table(1)[0], normalization.Table(1)[255]));
    }

    [TestMethod]
    public void AConstantChannelBecomesZero()
    {
        var normalization = ChannelNormalization.Compute(
            new MemoryDataset(new byte[] { 7, 7, 7, 7 }, new byte[1], new Shape(1, 2, 2, 1), ["only"]));
        Assert.AreEqual(0f, normalization.Table(0)[7]);
    }

    [TestMethod]
    [DataRow(0.0, 0.0)]
    [DataRow(0.0, -1.0)]
    [DataRow(double.NaN, 1.0)]
    [DataRow(0.0, double.PositiveInfinity)]
    public void StatisticsThatCannotNormaliseAreRefused(double mean, double deviation) =>
        Assert.Refuses<ArgumentException>(() => new ChannelNormalization([mean], [deviation]), "Channel 0");

    [TestMethod]
    public void MeansAndDeviationsMustPairUp() =>
        Assert.ThrowsExactly<ArgumentException>(() => new ChannelNormalization([0, 0], [1]));

    private static SyntheticDataset Create(ulong seed, DatasetSplit split) =>
        SyntheticDataset.Create(100, new Shape(1, 8, 9, 3), 5, seed, split);

    private static double[] Mean(SyntheticDataset dataset, int label)
    {
        IEnumerable<int> members = Enumerable.Range(0, dataset.Count).Where(index => dataset.Label(index) == label);
        byte[][] images = [.. members.Select(index => dataset.Pixels(index).ToArray())];
        return [.. Enumerable.Range(0, images[0].Length).Select(i => images.Average(image => image[i]))];
    }
}
