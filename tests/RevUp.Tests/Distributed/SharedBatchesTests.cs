namespace RevUp.Tests.Distributed;

/// <summary>Ranks share the batches of an epoch: each is made once, with the same bytes.</summary>
[TestClass]
public sealed class SharedBatchesTests
{
    private const int Samples = 50;

    private static readonly SyntheticDataset s_data =
        SyntheticDataset.Create(Samples, new Shape(1, 8, 8, 1), 4, seed: 3);

    [TestMethod]
    [DataRow(1)]
    [DataRow(2)]
    [DataRow(3)]
    [DataRow(20)]
    public void EverySampleOfTwoEpochsIsReadOnce(int ranks)
    {
        for (int epoch = 0; epoch < 2; epoch++)
        {
            int[] samples = [.. Enumerable.Range(0, ranks).SelectMany(rank => SamplesOf(ranks, rank, epoch))];
            CollectionAssert.AreEquivalent(Enumerable.Range(0, Samples).ToArray(), samples);
        }
    }

    [TestMethod]
    public void RanksMakeTheBatchesOfOneLoader()
    {
        (int Index, string Text)[] whole = [.. Batches(1, 0, epoch: 1, first: 6)];
        (int Index, string Text)[] shared =
            [.. Enumerable.Range(0, 3).SelectMany(rank => Batches(3, rank, epoch: 1, first: 6)).OrderBy(b => b.Index)];
        Assert.HasCount(7, whole);
        CollectionAssert.AreEqual(whole, shared);
    }

    private static IEnumerable<int> SamplesOf(int ranks, int rank, int epoch)
    {
        using BatchLoader loader = Loader(ranks, rank);
        // The workers run on into the next epoch.
        foreach (int earlier in Enumerable.Range(0, epoch))
        {
            _ = loader.Epoch(earlier).Count();
        }
        return [.. loader.Epoch(epoch).SelectMany(
            batch => Enumerable.Range(0, batch.Count).Select(batch.Sample).ToArray())];
    }

    private static IEnumerable<(int Index, string Text)> Batches(int ranks, int rank, int epoch, int first)
    {
        using BatchLoader loader = Loader(ranks, rank);
        return [.. loader.Epoch(epoch, first).Select(batch => (batch.Index, Text(batch)))];
    }

    private static string Text(Batch batch)
    {
        IEnumerable<int> samples = Enumerable.Range(0, batch.Count).Select(batch.Sample);
        return $"{string.Join(' ', samples)}: {string.Join(' ', batch.Targets.ToArray())}";
    }

    private static BatchLoader Loader(int ranks, int rank) => new(
        s_data, ChannelNormalization.Compute(s_data),
        new() { BatchSize = 4, Shuffle = true, Seed = 7, Workers = 2, Ranks = ranks, Rank = rank });
}
