namespace RevUp.Tests.Planning;

/// <summary>The time of a step on ranks, by hand and of networks.</summary>
[TestClass]
public sealed class RankForecastTests
{
    private const int Mebi = 1 << 20;

    /// <summary>
    /// Two layers: 1 ms forward and 2 ms backward each. Their gradients take 8 and 4 MiB, a message
    /// of S bytes 0.5 ms and S at 4 MiB a millisecond.
    /// </summary>
    [TestMethod]
    [DataRow(false, 1.5 + 2.5 + 1.0)]
    // The last layer's message of 1.5 ms is over when the first layer is ready; that one takes 2.5.
    [DataRow(true, 2.5 + 1.0)]
    public void MessagesFollowTheBackwardPassOrGoWithIt(bool overlaps, double exposed)
    {
        LayerWork[] layers = [new(1, 2, 8 * Mebi), new(1, 2, 4 * Mebi)];
        RankLink link = new(Ranks: 2, Gigabytes: 4 * Mebi / 1e6, Microseconds: 500);
        RankForecast forecast = RankForecast.Of(layers, milliseconds: 6, passes: 3, link, overlaps);
        Assert.AreEqual(2, forecast.Messages);
        Assert.AreEqual(5.0, forecast.CommunicationMilliseconds, 1e-9);
        Assert.AreEqual(exposed, forecast.ExposedMilliseconds, 1e-9);
        Assert.AreEqual(3.5, forecast.OverlappedMilliseconds, 1e-9);
        Assert.AreEqual(18 + exposed, forecast.StepMilliseconds, 1e-9);
        Assert.AreEqual(18 / (18 + exposed), forecast.Efficiency, 1e-12);
    }

    /// <summary>A slow network: the second message waits for the first.</summary>
    [TestMethod]
    public void MessagesGoOneAfterTheOther()
    {
        LayerWork[] layers = [new(1, 2, 8 * Mebi), new(1, 2, 4 * Mebi)];
        RankLink link = new(Ranks: 4, Gigabytes: 1.5 * Mebi / 1e6, Microseconds: 0);
        RankForecast forecast = RankForecast.Of(layers, milliseconds: 6, passes: 1, link, overlaps: true);
        // 1.5 of 4 MiB and of 8 MiB at 1.5 MiB a millisecond: 4 and 8 ms, from 2 ms on.
        Assert.AreEqual(2 + 4 + 8 - 4, forecast.ExposedMilliseconds, 1e-9);
    }

    /// <summary>
    /// Blocks that are inverted have longer backward passes, which hide more; no byte is left out.
    /// </summary>
    [TestMethod]
    public void InvertedBlocksHideMoreThanStoredOnes()
    {
        RankLink link = new(Ranks: 2, Gigabytes: 10, Microseconds: 30);
        Recipe recipe = SmallRecipe.Create("training.accumulate=4");
        MemoryRow[] rows = [.. ((MemoryPolicy[])[MemoryPolicy.Store, MemoryPolicy.Invert]).Select(policy =>
            MemoryProbe.Measure(recipe, blocks: 0, policy, () => TestRuns.Backend(), warmUp: false, link))];
        foreach (MemoryRow row in rows)
        {
            RankForecast forecast = row.Ranks!;
            Assert.AreEqual((2, 2, false), (forecast.Ranks, forecast.Passes, forecast.Overlaps));
            Assert.AreEqual(forecast.CommunicationMilliseconds, forecast.ExposedMilliseconds);
            Assert.IsLessThan(forecast.ExposedMilliseconds, forecast.OverlappedMilliseconds);
        }
        using SmallTraining store = new("reversible.policy=store"), invert = new("reversible.policy=invert");
        store.Run(0, 8);
        invert.Run(0, 8);
        LayerWork[] stored = LayerWork.Of(store.Net, store.Step.Engine);
        LayerWork[] inverted = LayerWork.Of(invert.Net, invert.Step.Engine);
        Assert.AreEqual(store.Net.Parameters.Count * sizeof(float), stored.Sum(layer => layer.GradientBytes));
        InversionRecord[] records = [.. invert.Step.Engine.Records];
        foreach ((LayerWork kept, LayerWork recovered, Layer layer) in stored.Zip(inverted, invert.Net.Layers))
        {
            int k = layer is InvertibleBlock block ? records[block.Index].Evaluations : 0;
            Assert.AreEqual(2 * kept.Forward, kept.Backward);
            Assert.AreEqual((2 + k) * kept.Forward, recovered.Backward);
        }
        Assert.IsTrue(records.All(record => record.Evaluations > 0));
    }

    [TestMethod]
    [DataRow("training.accumulate=1", 2, "training.accumulate is 1, and 2 ranks cannot share 1 passes")]
    [DataRow("training.accumulate=4", 3, "training.accumulate is 4, and 3 ranks cannot share 4 passes")]
    public void PassesThatRanksCannotShareAreRefused(string setting, int ranks, string words) =>
        Assert.Refuses<ConfigurationException>(
            () => MemoryProbe.Measure(
                SmallRecipe.Create(setting), blocks: 0, MemoryPolicy.Store, () => TestRuns.Backend(), warmUp: false,
                new RankLink(ranks, 1, 1)),
            words);
}
