namespace RevUp.Tests.Planning;

/// <summary>A pass through a U-Net takes the forecast memory to the byte.</summary>
[TestClass]
public sealed class UNetPlanningTests
{
    // Inversions of two evaluations, so that none takes less than was counted.
    private static readonly ReversibleSettings s_settings = new()
    {
        AllowCompress = true,
        Inversion = new()
        {
            Tolerance = InversionSettings.Exact,
            MaximumEvaluations = 2,
            HardLimit = double.MaxValue,
        },
    };

    [TestMethod]
    [EveryBackend(false, 0)]
    [EveryBackend(true, 0)]
    [EveryBackend(false, 2)]
    [EveryBackend(true, 1)]
    public void EveryPolicyTakesWhatWasForecast(TestDevice device, bool volume, int slab)
    {
        using Costs costs = new(device, volume, slab);
        foreach (MemoryPolicy policy in MemoryPlan.Uniform)
        {
            MemoryPlan plan = costs.Uniform(policy);
            Assert.AreEqual(costs.Measured(plan), costs.Forecast(plan).PeakBytes, $"{policy}");
        }
    }

    [TestMethod]
    [EveryBackend("normalized")]
    [EveryBackend("normalized volume")]
    public void EveryPolicyOfABaselineTakesWhatWasForecast(TestDevice device, string name)
    {
        TestModel model = TestUNet.Get(name);
        using Costs costs = new(device, model);
        foreach (MemoryPolicy policy in MemoryPlan.Uniform.Where(p => PolicyRules.IsPossible(p, model.Settings)))
        {
            MemoryPlan plan = costs.Uniform(policy);
            Assert.AreEqual(costs.Measured(plan), costs.Forecast(plan).PeakBytes, $"{policy}");
        }
    }

    [TestMethod]
    [EveryBackend(false, 0)]
    [EveryBackend(true, 0)]
    [EveryBackend(false, 2)]
    [EveryBackend(true, 1, SlowOnStandIn = true)]
    public void BlocksThatTakeTurnsTakeWhatWasForecast(TestDevice device, bool volume, int slab)
    {
        using Costs costs = new(device, volume, slab);
        for (int turn = 0; turn < MemoryPlan.Uniform.Count; turn++)
        {
            MemoryPlan plan = costs.Turns(turn);
            Assert.AreEqual(costs.Measured(plan), costs.Forecast(plan).PeakBytes, $"turn {turn}");
        }
    }

    /// <summary>The plans of <see cref="PlanSearch"/> under every budget.</summary>
    [TestMethod]
    [EveryBackend(false, 0)]
    [EveryBackend(true, 0)]
    [EveryBackend(false, 2)]
    [EveryBackend(true, 1, SlowOnStandIn = true)]
    public void AnAutomaticPlanFitsItsBudget(TestDevice device, bool volume, int slab)
    {
        using Costs costs = new(device, volume, slab);
        long least = costs.Leanest().ReplayPeakBytes;
        long most = MemoryPlan.Uniform.Max(policy => costs.Forecast(costs.Uniform(policy)).PeakBytes);
        HashSet<string> plans = [];
        for (int share = 0; share <= 6; share++)
        {
            long budget = least + ((most - least) * share / 6);
            ChainPlan chain = costs.Fastest(budget)!;
            Assert.IsLessThanOrEqualTo(budget, chain.ReplayPeakBytes);
            MemoryPlan plan = costs.Plan(chain);
            if (plans.Add(string.Join(' ', plan.Blocks)))
            {
                Assert.AreEqual(costs.Measured(plan), chain.PeakBytes, string.Join(' ', plan.Blocks));
            }
        }
        Assert.IsNull(costs.Fastest(least - 1));
        Assert.IsGreaterThan(1, plans.Count);
    }

    /// <summary>Recomputed inputs; a decoder's through a recomputed skip.</summary>
    [TestMethod]
    [EveryBackend(false, 0)]
    [EveryBackend(true, 0)]
    [EveryBackend(false, 2)]
    [EveryBackend(true, 1, SlowOnStandIn = true)]
    public void RefusedInversionsTakeNoMoreThanWasForecast(TestDevice device, bool volume, int slab)
    {
        using Costs costs = new(device, volume, slab);
        IEnumerable<MemoryPlan> turns = Enumerable.Range(0, MemoryPlan.Uniform.Count).Select(costs.Turns);
        MemoryPlan[] plans = [costs.Uniform(MemoryPolicy.Invert), .. turns];
        foreach (MemoryPlan plan in plans)
        {
            Assert.IsLessThanOrEqualTo(
                costs.Forecast(plan).ReplayPeakBytes, costs.Measured(plan, refused: true),
                string.Join(' ', plan.Blocks));
        }
    }

    private sealed class Costs : IDisposable
    {
        private readonly TestUNet _network;
        private readonly IReadOnlyList<LayerOption>[] _layers;
        private readonly Objective _objective;
        private readonly Tensor _labels;
        private readonly Tensor _losses;
        private readonly long _fixed;
        private readonly int _slab;

        public Costs(TestDevice device, bool volume, int slab)
            : this(
                device,
                slab > 0
                    ? volume ? TestUNet.WideVolume : TestUNet.WidePicture
                    : volume ? TestUNet.Volume : TestUNet.Picture,
                slab)
        {
        }

        public Costs(TestDevice device, TestModel model, int slab = 0)
        {
            _slab = slab;
            _network = new TestUNet(device, model, inversion: s_settings.Inversion);
            _objective = Objective.Of(_network.Net, new TrainingSettings());
            Shape labels = _objective.Targets(_network.Input.Shape.Batch);
            _labels = Memory.Allocate(labels, ElementType.UInt16, MemoryPurpose.Activations);
            _network.Backend.Upload<ushort>(new ushort[labels.Count], _labels);
            _losses = Memory.Allocate(new Shape(2), ElementType.Float64, MemoryPurpose.Workspace);
            _fixed = Memory.Use.Total;
            ReversibleSettings settings = s_settings with { Policies = new() { Slab = slab } };
            using LayerProbe probe = new(
                _network.Net, _network.Engine, settings, _network.Input, _objective, _labels);
            _layers = probe.Measure();
        }

        private IReadOnlyList<Layer> Layers => _network.Net.Layers;

        public ChainPlan Forecast(MemoryPlan plan) => ChainPlan.Of(Layers, _layers, plan);

        public ChainPlan Leanest() => PlanSearch.Leanest(Permitted());

        public ChainPlan? Fastest(long budget) => PlanSearch.Fastest(Permitted(), budget);

        public MemoryPlan Uniform(MemoryPolicy policy) => new() { Policy = policy, Slab = _slab };

        public MemoryPlan Plan(ChainPlan chain) => Uniform(MemoryPolicy.Auto) with
        {
            Blocks = [.. chain.Policies.Where((_, i) => Layers[i] is Block)],
        };

        public MemoryPlan Turns(int first) => Uniform(MemoryPolicy.Auto) with
        {
            Blocks = [.. Enumerable.Range(first, _network.Net.Blocks.Count).Select(
                i => MemoryPlan.Uniform[i % MemoryPlan.Uniform.Count])],
        };

        /// <summary>The peak of a pass, beyond what is there in any case.</summary>
        public long Measured(MemoryPlan plan, bool refused = false)
        {
            InversionSettings inversion = s_settings.Inversion;
            inversion = refused ? inversion with { HardLimit = inversion.Tolerance } : inversion;
            (_network.Engine.Plan, _network.Engine.Inversion) = (plan, inversion);
            Pass();
            Memory.ResetPeaks();
            Pass();
            return Memory.TotalPeak - _fixed;
        }

        public void Dispose()
        {
            Memory.Free(_losses);
            Memory.Free(_labels);
            _objective.Dispose();
            _network.Dispose();
        }

        private Arena Memory => _network.Backend.Memory;

        private void Pass()
        {
            _objective.Begin(_labels);
            Tensor logits = _network.Engine.Forward(_network.Input);
            _objective.Differentiate(logits, _labels, _losses);
            _network.Engine.Backward(logits);
            _objective.End();
        }

        private LayerOption[][] Permitted() =>
            [.. Layers.Select((layer, i) => NetworkCosts.Permitted(layer, _layers[i], compress: true))];
    }
}
