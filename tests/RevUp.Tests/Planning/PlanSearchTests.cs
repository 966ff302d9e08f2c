namespace RevUp.Tests.Planning;

/// <summary>
/// The dynamic programme against every plan there is, on small chains with random costs.
/// </summary>
[TestClass]
public sealed class PlanSearchTests
{
    private const int Layers = 6;

    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public void NoPlanIsFasterUnderTheLimitOrHasALowerPeak(bool streams)
    {
        int impossible = 0, mixed = 0;
        for (int seed = 0; seed < 200; seed++)
        {
            LayerOption[][] chain = RandomChain(seed, streams);
            ChainPlan[] plans = [.. All(chain)];
            long least = plans.Min(plan => plan.ReplayPeakBytes);
            Assert.AreEqual(least, PlanSearch.Leanest(chain).ReplayPeakBytes, $"seed {seed}");
            foreach (long limit in plans.Select(plan => plan.ReplayPeakBytes).Append(least - 1).Distinct())
            {
                ChainPlan[] possible = [.. plans.Where(plan => plan.ReplayPeakBytes <= limit)];
                ChainPlan? found = PlanSearch.Fastest(chain, limit);
                Assert.AreEqual(possible.Length == 0, found is null, $"seed {seed}, limit {limit}");
                if (found is null)
                {
                    impossible++;
                    continue;
                }
                Assert.IsLessThanOrEqualTo(limit, found.ReplayPeakBytes, $"seed {seed}");
                Assert.AreEqual(
                    possible.Min(plan => plan.Milliseconds), found.Milliseconds, 1e-9, $"seed {seed}, limit {limit}");
                Assert.IsTrue(
                    plans.Any(
                        plan => plan.Policies.SequenceEqual(found.Policies)
                            && plan.ReplayPeakBytes == found.ReplayPeakBytes),
                    $"seed {seed}");
                mixed += found.Policies.Distinct().Count() > 2 ? 1 : 0;
            }
        }
        Assert.AreEqual(200, impossible, "a limit below the least peak is tried on every chain");
        Assert.IsGreaterThan(200, mixed, "the chains are too easy");
    }

    /// <summary>
    /// 1,200 blocks have more plans than can be counted, and few that are worth looking at.
    /// </summary>
    [TestMethod]
    public void DeepNetworksArePlannedToo()
    {
        LayerOption[][] chain = [.. Enumerable.Range(0, 1200).Select(i => Block(size: 1L << (12 - (i / 400))))];
        long store = chain.Sum(options => options[0].KeptBytes);
        ChainPlan plan = PlanSearch.Fastest(chain, store / 3)!;
        Assert.IsLessThanOrEqualTo(store / 3, plan.ReplayPeakBytes);
        Assert.AreEqual(3, plan.Policies.Distinct().Count());
        // What is left over is less than one more block's difference between any two policies.
        Assert.IsLessThan(4 << 12, (store / 3) - plan.ReplayPeakBytes);

        static LayerOption[] Block(long size) =>
        [
            new(MemoryPolicy.Store, false, false, 2 * size, 4 * size, 3),
            new(MemoryPolicy.Checkpoint, false, false, size, 4 * size, 3.9),
            new(MemoryPolicy.Invert, false, false, 0, 5 * size, 5.1),
        ];
    }

    private static LayerOption[][] RandomChain(int seed, bool streams)
    {
        CounterRandom random = new((ulong)seed, 1, 0);
        LayerOption[][] chain = new LayerOption[Layers][];
        for (int i = 0; i < Layers; i++)
        {
            List<LayerOption> options = [];
            Add(MemoryPolicy.Store, false, false);
            Add(MemoryPolicy.Checkpoint, false, false);
            Add(MemoryPolicy.Invert, false, false);
            if (streams)
            {
                Add(MemoryPolicy.Store, true, false);
                Add(MemoryPolicy.Checkpoint, true, false);
                Add(MemoryPolicy.Compress, false, true);
                Add(MemoryPolicy.Compress, true, true);
            }
            // As the head does, the last layer takes a stream.
            chain[i] = [.. options.Where(option => i < Layers - 1 || !option.ToStream)];

            void Add(MemoryPolicy policy, bool from, bool to) =>
                options.Add(new LayerOption(
                    policy, from, to, random.NextInt(12), random.NextInt(30), 1 + random.NextInt(1000) / 100.0)
                {
                    ReplayBytes = random.NextInt(30),
                });
        }
        return chain;
    }

    private static IEnumerable<ChainPlan> All(LayerOption[][] chain)
    {
        IEnumerable<LayerOption[]> plans = [[]];
        foreach (LayerOption[] options in chain)
        {
            plans = plans.SelectMany(plan => options
                .Where(option => option.FromStream == (plan.Length > 0 && plan[^1].ToStream))
                .Select(option => (LayerOption[])[.. plan, option])).ToArray();
        }
        return plans.Select(ChainPlan.Of);
    }
}
