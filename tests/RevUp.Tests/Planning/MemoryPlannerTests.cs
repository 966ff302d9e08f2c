using RevUp.Backends;
using RevUp.Data;
using RevUp.Diagnostics;
using RevUp.Models;
using RevUp.Planning;
using RevUp.Reversible;
using RevUp.Tests.Support;
using RevUp.Training;

namespace RevUp.Tests.Planning;

/// <summary>What is forecast is what a step takes, to the byte, on every kind of network and under every budget; times are the machine's affair.</summary>
[TestClass]
public sealed class MemoryPlannerTests
{
    private const int Blocks = 6;

    [TestMethod]
    [EveryBackend(TestModel.Squeeze)]
    [EveryBackend(TestModel.Strided)]
    [EveryBackend(TestModel.Bottleneck)]
    [EveryBackend(TestModel.ImageNet)]
    [EveryBackend(TestModel.Volume)]
    [EveryBackend(TestModel.StridedVolume)]
    [EveryBackend(TestModel.IResNet)]
    [EveryBackend(TestModel.ResNet)]
    [EveryBackend(TestModel.RevNet)]
    [EveryBackend(TestModel.RevNetVolume)]
    [EveryBackend(TestModel.Affine)]
    [EveryBackend(TestModel.MixingVolume)]
    public void APlanTakesWhatWasForecastAndFits(TestDevice device, string name)
    {
        using Costs costs = new(device, name);
        foreach (bool compress in (bool[])[false, true])
        {
            MemoryForecast roomy = costs.Plan(long.MaxValue, compress);
            Assert.IsTrue(roomy.Uniform.Values.All(step => step.PeakBytes >= roomy.LeastBytes && step.Milliseconds > 0));
            long most = roomy.Uniform.Values.Max(step => step.PeakBytes);
            HashSet<string> plans = [];
            for (int share = 0; share <= 6; share++)
            {
                long budget = roomy.LeastBytes + ((most - roomy.LeastBytes) * share / 6);
                MemoryForecast forecast = costs.Plan(budget, compress);
                Assert.AreEqual(roomy.LeastBytes, forecast.LeastBytes);
                Assert.IsLessThanOrEqualTo(budget, forecast.Step.PeakBytes);
                string policies = string.Join(' ', forecast.Plan.Blocks);
                if (plans.Add(policies))
                {
                    Assert.AreEqual(costs.Measured(forecast.Plan), forecast.Step.PeakBytes, policies);
                }
            }
            Assert.IsGreaterThan(1, plans.Count, "one plan for all budgets");
        }
    }

    [TestMethod]
    [EveryBackend(TestModel.Squeeze)]
    [EveryBackend(TestModel.StridedVolume)]
    [EveryBackend(TestModel.FixupResNet)]
    [EveryBackend(TestModel.FixupRevNet)]
    [EveryBackend(TestModel.Mixing)]
    public void OnePolicyForAllBlocksTakesWhatWasForecast(TestDevice device, string name)
    {
        using Costs costs = new(device, name);
        foreach ((MemoryPolicy policy, StepForecast step) in costs.Plan(long.MaxValue, compress: true).Uniform)
        {
            MemoryRow row = MemoryProbe.Measure(costs.Recipe, blocks: 0, policy, () => device.Open());
            Assert.AreEqual(row.TotalPeakBytes, step.PeakBytes, $"{policy}");
        }
    }

    [TestMethod]
    [EveryBackend(TestModel.Squeeze)]
    [EveryBackend(TestModel.StridedVolume)]
    public void BlocksThatTakeTurnsTakeWhatWasForecast(TestDevice device, string name)
    {
        using Costs costs = new(device, name);
        for (int turn = 0; turn < MemoryPlan.Uniform.Count; turn++)
        {
            MemoryPolicy[] turns = [.. Enumerable.Range(turn, Blocks).Select(i => MemoryPlan.Uniform[i % MemoryPlan.Uniform.Count])];
            MemoryPlan plan = costs.Recipe.Reversible.Plan with { Blocks = turns };
            Assert.AreEqual(costs.Measured(plan), costs.Forecast(plan).PeakBytes, $"turn {turn}");
        }
    }

    [TestMethod]
    [EveryBackend]
    public void AnImpossibleBudgetNamesTheLeast(TestDevice device)
    {
        using Costs costs = new(device, TestModel.Strided);
        long least = costs.Plan(long.MaxValue, compress: false).LeastBytes;
        Assert.AreEqual(least, costs.Plan(least, compress: false).Step.PeakBytes);
        string message = Assert.ThrowsExactly<ConfigurationException>(() => costs.Plan(least - 1, compress: false)).Message;
        Assert.StartsWith(FormattableString.Invariant($"reversible.memoryBudget is {least - 1} bytes ("), message);
        Assert.Contains(FormattableString.Invariant($"the least that a step of this network takes is {least} bytes ("), message);
    }

    [TestMethod]
    [EveryBackend]
    public void NoPolicyForAllBlocksIsFasterWhereThereIsRoom(TestDevice device)
    {
        using Costs costs = new(device, TestModel.Chain);
        MemoryForecast roomy = costs.Plan(long.MaxValue, compress: true);
        Assert.IsLessThanOrEqualTo(roomy.Uniform.Values.Min(step => step.Milliseconds) + 1e-9, roomy.Step.Milliseconds);
    }

    [TestMethod]
    [EveryBackend]
    public void OnlyWhatMayBeChosenIsChosen(TestDevice device)
    {
        using Costs costs = new(device, TestModel.Chain, anchorEvery: 2);
        MemoryForecast forecast = costs.Plan(costs.Plan(long.MaxValue, compress: false).LeastBytes, compress: false);
        Assert.IsFalse(forecast.Uniform.ContainsKey(MemoryPolicy.Compress));
        CollectionAssert.DoesNotContain(forecast.Plan.Blocks.ToArray(), MemoryPolicy.Compress);
        CollectionAssert.Contains(forecast.Plan.Blocks.ToArray(), MemoryPolicy.Invert);
        for (int block = 2; block < Blocks; block += 2)
        {
            Assert.AreNotEqual(MemoryPolicy.Invert, forecast.Plan.Blocks[block], $"block {block} is an anchor");
        }
    }

    [TestMethod]
    [EveryBackend]
    public void PlanningLeavesNothingOnTheDevice(TestDevice device)
    {
        using Costs costs = new(device, TestModel.Squeeze);
        using Backend backend = device.Open();
        MemoryPlanner.Plan(backend, costs.Recipe);
        Assert.AreEqual(0, backend.Memory.LiveCount);
        Assert.AreEqual(0, backend.Memory.Use.Total);
    }

    /// <summary>A measured network of six blocks.</summary>
    private sealed class Costs : IDisposable
    {
        private readonly TestDevice _device;
        private readonly Backend _backend;
        private readonly RevUpNet _net;
        private readonly NetworkCosts _costs;

        // Inversions of two evaluations or more, so that none takes less than was counted.
        public Costs(TestDevice device, string name, int anchorEvery = 0)
        {
            TestModel model = TestModel.Get(name);
            Recipe = new Recipe
            {
                Data = new DataSettings
                {
                    Dataset = DatasetKind.Synthetic,
                    Extents = [.. Enumerable.Range(0, model.Sample.SpatialRank).Select(axis => model.Sample.Extent(axis))],
                    Channels = model.Sample.Channels,
                    Classes = TestModel.Classes,
                },
                Model = model.Settings.WithBlocks(Blocks),
                Reversible = new ReversibleSettings
                {
                    Policy = MemoryPolicy.Auto,
                    MemoryBudget = long.MaxValue,
                    AnchorEvery = anchorEvery,
                    AllowCompress = true,
                    Tolerance = InversionSettings.Exact,
                },
                Training = new TrainingSettings { BatchSize = 5 },
            };
            _device = device;
            _backend = device.Open();
            _net = new RevUpNet(_backend, Recipe.Model, model.Sample, TestModel.Classes, seed: 1);
            _costs = NetworkCosts.Measure(_net, Recipe);
        }

        public Recipe Recipe { get; }

        public MemoryForecast Plan(long budget, bool compress) => _costs.Plan(Recipe.Reversible with { MemoryBudget = budget, AllowCompress = compress });

        public StepForecast Forecast(MemoryPlan plan) => _costs.Forecast(plan);

        /// <summary>The peak of a real step under a plan.</summary>
        public long Measured(MemoryPlan plan)
        {
            Recipe planned = Recipe with { Reversible = Recipe.Reversible.WithPlan(plan) };
            return MemoryProbe.Measure(planned, blocks: 0, MemoryPolicy.Auto, () => _device.Open()).TotalPeakBytes;
        }

        public void Dispose()
        {
            _net.Dispose();
            _backend.Dispose();
        }
    }
}
