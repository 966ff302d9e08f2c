namespace RevUp.Tests.Planning;

/// <summary>
/// A step takes the forecast memory to the byte, on every kind of network and under every budget.
/// Times depend on the machine and are not tested.
/// </summary>
[TestClass]
public sealed class MemoryPlannerTests
{
    private const int Blocks = 6;

    [TestMethod]
    [EveryModel(
        TestModel.Squeeze, TestModel.Strided, TestModel.Bottleneck, TestModel.ImageNet, TestModel.Volume,
        TestModel.StridedVolume, TestModel.IResNet, TestModel.ResNet, TestModel.RevNet, TestModel.RevNetVolume,
        TestModel.Affine, TestModel.MixingVolume, TestModel.Pooled,
        SlowOnStandIn = [TestModel.Volume, TestModel.MixingVolume, TestModel.Affine])]
    public void APlanTakesWhatWasForecastAndFits(TestDevice device, string name)
    {
        using Costs costs = new(device, TestModel.Get(name));
        foreach (bool compress in (bool[])[false, true])
        {
            MemoryForecast roomy = costs.Plan(long.MaxValue, compress);
            foreach ((MemoryPolicy policy, StepForecast step) in roomy.Uniform)
            {
                // The least budget has room for recomputed inputs. Without them, one policy for all
                // blocks may take less.
                Assert.IsGreaterThanOrEqualTo(roomy.LeastBytes, step.ReplayPeakBytes, $"{policy}");
                Assert.IsGreaterThan(0.0, step.Milliseconds, $"{policy}");
            }
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
        }
    }

    [TestMethod]
    [EveryModel(
        TestModel.Squeeze, TestModel.StridedVolume, TestModel.FixupResNet, TestModel.FixupRevNet, TestModel.Mixing)]
    public void OnePolicyForAllBlocksTakesWhatWasForecast(TestDevice device, string name)
    {
        using Costs costs = new(device, TestModel.Get(name));
        foreach ((MemoryPolicy policy, StepForecast step) in costs.Plan(long.MaxValue, compress: true).Uniform)
        {
            MemoryRow row = MemoryProbe.Measure(costs.Recipe, blocks: 0, policy, () => device.Open());
            Assert.AreEqual(row.TotalPeakBytes, step.PeakBytes, $"{policy}");
        }
    }

    [TestMethod]
    [EveryModel(TestModel.Squeeze, TestModel.StridedVolume)]
    public void BlocksThatTakeTurnsTakeWhatWasForecast(TestDevice device, string name)
    {
        using Costs costs = new(device, TestModel.Get(name));
        for (int turn = 0; turn < MemoryPlan.Uniform.Count; turn++)
        {
            MemoryPlan plan = costs.Turns(turn);
            Assert.AreEqual(costs.Measured(plan), costs.Forecast(plan).PeakBytes, $"turn {turn}");
        }
    }

    [TestMethod]
    [EveryModel(
        TestModel.Squeeze, TestModel.Strided, TestModel.ImageNet, TestModel.StridedVolume, TestModel.MixingVolume)]
    public void RefusedInversionsTakeNoMoreThanWasForecast(TestDevice device, string name)
    {
        using Costs costs = new(device, TestModel.Get(name));
        for (int turn = 0; turn < MemoryPlan.Uniform.Count; turn++)
        {
            MemoryPlan plan = costs.Turns(turn);
            Assert.IsLessThanOrEqualTo(
                costs.Forecast(plan).ReplayPeakBytes, costs.Measured(plan, refused: true), $"turn {turn}");
        }
        MemoryPlan invert = costs.Recipe.Reversible.Plan with { Policy = MemoryPolicy.Invert };
        Assert.IsLessThanOrEqualTo(costs.Forecast(invert).ReplayPeakBytes, costs.Measured(invert, refused: true));
    }

    /// <summary>
    /// Narrow branches, and a projection to a quarter of the elements: nothing in a step takes as
    /// much as the projection done again, for which the input of a block behind it is recomputed.
    /// </summary>
    [TestMethod]
    [EveryBackend]
    public void RefusedInversionsMayTakeMoreThanAStep(TestDevice device)
    {
        StageSettings stage = new() { Blocks = Blocks / 2, Channels = 16, Width = 2 };
        using Costs costs = new(
            device, new TestModel(new ModelSettings { Stages = [stage, stage] }, new Shape(1, 16, 16, 3)));
        MemoryPlan plan = costs.Recipe.Reversible.Plan with
        {
            Blocks = [.. Enumerable.Range(0, Blocks).Select(
                i => i < Blocks / 2 ? MemoryPolicy.Checkpoint : MemoryPolicy.Invert)],
        };
        StepForecast step = costs.Forecast(plan);
        Assert.AreEqual(costs.Measured(plan), step.PeakBytes);
        Assert.AreEqual(costs.Measured(plan, refused: true), step.ReplayPeakBytes);
        Assert.IsGreaterThan(step.PeakBytes, step.ReplayPeakBytes);
        foreach (long budget in (long[])[step.PeakBytes, step.ReplayPeakBytes - 1])
        {
            Assert.IsLessThanOrEqualTo(budget, costs.Plan(budget, compress: true).Step.ReplayPeakBytes);
        }
    }

    [TestMethod]
    [EveryBackend]
    public void AnImpossibleBudgetNamesTheLeast(TestDevice device)
    {
        using Costs costs = new(device, TestModel.Get(TestModel.Strided));
        long least = costs.Plan(long.MaxValue, compress: false).LeastBytes;
        Assert.AreEqual(least, costs.Plan(least, compress: false).Step.PeakBytes);
        string message = Assert.ThrowsExactly<ConfigurationException>(
            () => costs.Plan(least - 1, compress: false)).Message;
        Assert.StartsWith(FormattableString.Invariant($"reversible.memoryBudget is {least - 1} bytes ("), message);
        Assert.Contains(
            FormattableString.Invariant($"the least that a step of this network takes is {least} bytes ("), message);
    }

    [TestMethod]
    [EveryBackend]
    public void NoPolicyForAllBlocksIsFasterWhereThereIsRoom(TestDevice device)
    {
        using Costs costs = new(device, TestModel.Get(TestModel.Chain));
        double roomy = costs.Plan(long.MaxValue, compress: true).Step.Milliseconds;
        foreach (MemoryPolicy policy in MemoryPlan.Uniform)
        {
            MemoryPlan alone = costs.Recipe.Reversible.Plan with { Blocks = [.. Enumerable.Repeat(policy, Blocks)] };
            Assert.IsLessThanOrEqualTo(costs.Forecast(alone).Milliseconds + 1e-9, roomy, $"{policy}");
        }
    }

    [TestMethod]
    [EveryBackend]
    public void OnlyWhatMayBeChosenIsChosen(TestDevice device)
    {
        using Costs costs = new(device, TestModel.Get(TestModel.Chain), anchorEvery: 2);
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
        using Costs costs = new(device, TestModel.Get(TestModel.Squeeze));
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

        // Inversions of two evaluations, so that none takes less than was counted, which are
        // accepted whatever they leave.
        public Costs(TestDevice device, TestModel model, int anchorEvery = 0)
        {
            Recipe = new Recipe
            {
                Data = new DataSettings
                {
                    Dataset = DatasetKind.Synthetic,
                    Extents =
                        [.. Enumerable.Range(0, model.Sample.SpatialRank).Select(axis => model.Sample.Extent(axis))],
                    Channels = model.Sample.Channels,
                    Classes = TestModel.Classes,
                },
                Model = model.Settings.WithBlocks(Blocks),
                Reversible = new ReversibleSettings
                {
                    Policies = new() { Policy = MemoryPolicy.Auto, AnchorEvery = anchorEvery },
                    MemoryBudget = long.MaxValue,
                    AllowCompress = true,
                    Inversion = new()
                    {
                        Tolerance = InversionSettings.Exact,
                        MaximumEvaluations = 2,
                        HardLimit = double.MaxValue,
                    },
                },
                Training = new TrainingSettings { BatchSize = 5 },
            };
            _device = device;
            _backend = device.Open();
            _net = new RevUpNet(_backend, Recipe.Model, model.Sample, TestModel.Classes, seed: 1);
            _costs = NetworkCosts.Measure(_net, Recipe);
        }

        public Recipe Recipe { get; }

        public MemoryForecast Plan(long budget, bool compress) =>
            _costs.Plan(Recipe.Reversible with { MemoryBudget = budget, AllowCompress = compress });

        public StepForecast Forecast(MemoryPlan plan) => _costs.Forecast(plan);

        /// <summary>A plan in which the policies take turns.</summary>
        public MemoryPlan Turns(int first) => Recipe.Reversible.Plan with
        {
            Blocks = [.. Enumerable.Range(first, Blocks).Select(i => MemoryPlan.Uniform[i % MemoryPlan.Uniform.Count])],
        };

        /// <summary>
        /// The peak of a real step under a plan, in which all inversions are refused when
        /// <paramref name="refused"/> is set.
        /// </summary>
        public long Measured(MemoryPlan plan, bool refused = false)
        {
            ReversibleSettings settings =
                plan.Policy == MemoryPolicy.Auto ? Recipe.Reversible.WithPlan(plan) : Recipe.Reversible;
            InversionSettings inversion = settings.Inversion;
            inversion = refused ? inversion with { HardLimit = inversion.Tolerance } : inversion;
            settings = settings with { Inversion = inversion };
            return MemoryProbe.Measure(
                Recipe with { Reversible = settings }, blocks: 0, plan.Policy, () => _device.Open()).TotalPeakBytes;
        }

        public void Dispose()
        {
            _net.Dispose();
            _backend.Dispose();
        }
    }
}
