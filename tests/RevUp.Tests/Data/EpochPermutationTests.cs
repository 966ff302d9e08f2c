namespace RevUp.Tests.Data;

[TestClass]
public sealed class EpochPermutationTests
{
    [TestMethod]
    [DataRow(1)]
    [DataRow(2)]
    [DataRow(3)]
    [DataRow(63)]
    [DataRow(64)]
    [DataRow(65)]
    [DataRow(4097)]
    [DataRow(60_000)]
    public void EverySampleIsVisitedOnce(int count)
    {
        int[] order = Order(count, seed: 5, epoch: 1);
        CollectionAssert.AreEqual(Enumerable.Range(0, count).ToArray(), order.Order().ToArray());
    }

    [TestMethod]
    public void TheLargestDatasetStaysInside()
    {
        var order = new EpochPermutation(int.MaxValue, 1, 0);
        int[] images = [.. Enumerable.Range(0, 1000).Select(position => order[int.MaxValue - 1 - position])];
        Assert.IsTrue(images.All(image => image is >= 0 and < int.MaxValue));
        Assert.AreEqual(1000, images.Distinct().Count());
    }

    [TestMethod]
    public void EpochsAndSeedsHaveOrdersOfTheirOwn()
    {
        int[] order = Order(1000, seed: 1, epoch: 0);
        foreach (int[] other in new[] { Order(1000, seed: 1, epoch: 1), Order(1000, seed: 2, epoch: 0) })
        {
            Assert.IsLessThan(10, order.Zip(other).Count(pair => pair.First == pair.Second)); // Poisson of mean 1
        }
    }

    [TestMethod]
    [DataRow(3)]
    [DataRow(10)]
    [DataRow(100)]
    public void EveryPositionTakesEveryValueAndNeighboursAreNotKept(int count)
    {
        const int Epochs = 20_000;
        var first = new int[count];
        var step = new int[count]; // difference of the two first values: 1 .. count − 1
        for (int epoch = 0; epoch < Epochs; epoch++)
        {
            var order = new EpochPermutation(count, 7, epoch);
            first[order[0]]++;
            step[(order[1] - order[0] + count) % count]++;
        }

        AssertUniform(first, Epochs);
        AssertUniform(step[1..], Epochs);
    }

    private static void AssertUniform(int[] counts, int draws)
    {
        double expected = (double)draws / counts.Length, freedom = counts.Length - 1;
        double chiSquare = counts.Sum(count => (count - expected) * (count - expected) / expected);
        Assert.IsLessThan(freedom + 5 * Math.Sqrt(2 * freedom) + 10, chiSquare);
    }

    private static int[] Order(int count, ulong seed, int epoch)
    {
        var order = new EpochPermutation(count, seed, epoch);
        return [.. Enumerable.Range(0, count).Select(position => order[position])];
    }
}
