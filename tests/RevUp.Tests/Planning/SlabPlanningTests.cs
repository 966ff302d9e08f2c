namespace RevUp.Tests.Planning;

/// <summary>
/// Slabs that a memory budget chooses, and the setting that names or forbids them.
/// </summary>
[TestClass]
public sealed class SlabPlanningTests
{
    private const string Json = """
        {
          "name": "slabs",
          "description": "A U-Net whose rows begin where a tensor may",
          "data": { "dataset": "lesions", "extents": [64, 16], "channels": 1, "trainingSamples": 4 },
          "model": {
            "task": "segmentation",
            "stages": [ { "blocks": 2, "channels": 16, "decoderBlocks": 1 }, { "blocks": 1, "channels": 32 } ]
          },
          "reversible": {
            "policy": "auto",
            "tolerance": "exact",
            "maximumEvaluations": 2,
            "hardLimit": 1e300
          },
          "training": { "epochs": 1, "batchSize": 2 }
        }
        """;

    [TestMethod]
    [EveryBackend(SlowOnStandIn = true)]
    public void ABudgetChoosesSlabsThatFit(TestDevice device)
    {
        long whole = Least(device, "off");
        MemoryForecast roomy = Plan(device, Create("reversible.slab=auto", "reversible.memoryBudget=1TiB"));
        Assert.AreEqual(0, roomy.Plan.Slab);
        Recipe tight = Create("reversible.slab=auto", $"reversible.memoryBudget={whole - 1}");
        MemoryForecast forecast = Plan(device, tight);
        int slab = forecast.Plan.Slab;
        Assert.IsGreaterThan(0, slab);
        Assert.IsLessThan(whole, forecast.LeastBytes);
        Assert.IsLessThan(whole, forecast.Step.ReplayPeakBytes);
        Recipe planned = tight with { Reversible = tight.Reversible.WithPlan(forecast.Plan) };
        MemoryRow row = MemoryProbe.Measure(planned, blocks: 0, MemoryPolicy.Auto, () => device.Open());
        Assert.AreEqual(forecast.Step.PeakBytes, row.TotalPeakBytes);
        // The recipe that a run leaves has both the question and the answer.
        Recipe read = RecipeFile.Parse(RecipeFile.Serialize(planned), "planned.json", []);
        Assert.AreEqual((0, slab), (read.Reversible.Policies.Slab, read.Reversible.Plan.Slab));
    }

    /// <summary>
    /// At five budgets the choice takes the least time of all thicknesses and policies that fit,
    /// and a real step takes its bytes. Times are made up: a policy costs more in thinner slabs.
    /// </summary>
    [TestMethod]
    public void TheFastestOfAllSlabsAndPoliciesIsChosen()
    {
        Recipe recipe = Create("reversible.slab=auto", "reversible.memoryBudget=1TiB");
        using CpuBackend cpu = new(threads: 1);
        using Backend sizing = cpu.Sizing();
        using RevUpNet net = new(
            sizing, recipe.Model, recipe.Data.Sample, recipe.Data.ClassCount, recipe.Training.Seed);
        Dictionary<int, NetworkCosts> costs = MemoryPlanner.Slabs(recipe).ToDictionary(
            slab => slab,
            slab => NetworkCosts.Measure(net, MemoryPlanner.WithSlab(recipe, slab)).WithTimes(
                option => MadeUp(option.Policy) * (slab == 0 ? 1 : 1.01 + (0.1 / slab))));
        long least = costs.Values.Min(cost => cost.LeastBytes(recipe.Reversible));
        long most = costs[0].Forecast(new MemoryPlan { Policy = MemoryPolicy.Store }).ReplayPeakBytes;
        (List<(int Chosen, int Thickest)> slabs, int timed) = ([], 0);
        for (int share = 0; share <= 4; share++)
        {
            Recipe tried = recipe with
            {
                Reversible = recipe.Reversible with { MemoryBudget = least + ((most - least) * share / 4) },
            };
            timed = 0;
            MemoryForecast forecast = SlabSearch.Fastest(tried, slab => costs[slab], (_, cost) =>
            {
                timed++;
                return cost;
            })!;
            (int Slab, double Milliseconds) expected = costs
                .Select(entry => (entry.Key, entry.Value.LeastMilliseconds(tried.Reversible)))
                .MinBy(entry => entry.Item2);
            Assert.AreEqual(expected, (forecast.Plan.Slab, forecast.Step.Milliseconds));
            Assert.IsLessThanOrEqualTo(tried.Reversible.MemoryBudget, forecast.Step.ReplayPeakBytes);
            Recipe planned = tried with { Reversible = tried.Reversible.WithPlan(forecast.Plan) };
            MemoryRow row = MemoryProbe.Measure(
                planned, blocks: 0, MemoryPolicy.Auto, () => new CpuBackend(threads: 1), warmUp: false);
            Assert.AreEqual(forecast.Step.PeakBytes, row.TotalPeakBytes);
            int thickest = costs.Keys.First(slab => costs[slab].Fit(tried.Reversible));
            slabs.Add((forecast.Plan.Slab, thickest));
        }
        Assert.AreEqual(1, timed, "A roomy budget has one thickness.");
        Assert.IsTrue(slabs.Any(slab => slab.Chosen != slab.Thickest), string.Join(' ', slabs));
        Assert.IsGreaterThan(1, slabs.Select(slab => slab.Chosen).Distinct().Count(), string.Join(' ', slabs));

        static double MadeUp(MemoryPolicy policy) => policy switch
        {
            MemoryPolicy.Store => 3,
            MemoryPolicy.Checkpoint => 4,
            _ => 5,
        };
    }

    /// <summary>A device without room to measure the fastest choice has the next.</summary>
    [TestMethod]
    public void SlabsThatTheDeviceHasNoRoomForAreLeftOut()
    {
        Recipe recipe = Create("reversible.slab=auto", "reversible.memoryBudget=1TiB");
        using CpuBackend cpu = new(threads: 1);
        using Backend sizing = cpu.Sizing();
        using RevUpNet net = new(
            sizing, recipe.Model, recipe.Data.Sample, recipe.Data.ClassCount, recipe.Training.Seed);
        NetworkCosts? Count(int slab) =>
            slab == 0 ? null : NetworkCosts.Measure(net, MemoryPlanner.WithSlab(recipe, slab));
        Assert.AreEqual(16, SlabSearch.Fastest(recipe, Count, (slab, cost) =>
            slab == 32 ? null : cost.WithTimes(option => 1))!.Plan.Slab);
        Assert.IsNull(SlabSearch.Fastest(recipe, Count, (_, _) => null));
        Assert.IsNull(SlabSearch.Fastest(recipe, _ => null, (_, _) => null));
    }

    [TestMethod]
    [EveryBackend]
    public void ThinnerSlabsNeedLess(TestDevice device)
    {
        long[] least = [.. ((string[])["off", "32", "4"]).Select(slab => Least(device, slab))];
        CollectionAssert.AreEqual(least.OrderDescending().ToArray(), least, string.Join(", ", least));
    }

    /// <summary>
    /// Of 64 classes the logits are four tensors of 16 channels, and of a slab few bytes.
    /// </summary>
    [TestMethod]
    public void LogitsOfManyClassesAreThereForASlab()
    {
        const int Many = 64;
        TestDevice device = TestDevice.All[0]; // 64 classes take the stand-ins for a GPU a minute
        long few = Activations(4), many = Activations(Many);
        Assert.IsLessThan(2 * 64 * 16 * Many * sizeof(float) / 8, many - few);

        long Activations(int classes)
        {
            Recipe recipe = Create(
                "reversible.slab=4", "reversible.memoryBudget=1TiB", "data.dataset=segmentationFolder",
                "data.path=unused", $"data.classes={classes}");
            long forecast = Plan(device, recipe).Uniform[MemoryPolicy.Invert].PeakBytes;
            MemoryRow row = MemoryProbe.Measure(recipe, blocks: 0, MemoryPolicy.Invert, () => device.Open());
            Assert.AreEqual(forecast, row.TotalPeakBytes);
            return row.ActivationPeakBytes;
        }
    }

    [TestMethod]
    public void TheSettingTakesWordsAndPositiveNumbers()
    {
        Assert.AreEqual(0, SmallRecipe.Create("reversible.slab=auto").Reversible.Plan.Slab);
        Assert.AreEqual(MemoryPlan.NoSlabs, SmallRecipe.Create("reversible.slab=off").Reversible.Plan.Slab);
        Assert.AreEqual(7, SmallRecipe.Create("reversible.slab=7").Reversible.Plan.Slab);
        foreach (string value in (string[])["0", "-1", "1.5", "thin"])
        {
            StringAssert.Contains(
                SmallRecipe.Refusal($"reversible.slab={value}"), "use a number of planes, \"auto\" or \"off\"");
        }
    }

    [TestMethod]
    [DataRow("model.normalization=batchNorm", "model.block=residual", "depend on all others")]
    [DataRow("model.block=coupling", "reversible.policy=invert", "takes whole batches")]
    public void NetworksThatAreNotLocalAreRefusedByReason(string first, string second, string reason)
    {
        string[] settings = [first, second, "model.downsampling=strided", "reversible.slab=2"];
        settings = second.StartsWith("reversible", StringComparison.Ordinal)
            ? settings
            : [.. settings, "reversible.policy=store"];
        StringAssert.Contains(SmallRecipe.Refusal(settings), reason);
    }

    [TestMethod]
    public void AUNetWithInstanceNormalizationIsRefusedByReason() =>
        Assert.Refuses<ConfigurationException>(
            () => Create(
                "reversible.slab=2", "reversible.policy=store", "model.normalization=instanceNorm",
                "model.block=residual"),
            "reversible.slab is 2", "depend on all others", "use 'off'");

    private static Recipe Create(params string[] overrides) => RecipeFile.Parse(Json, "slabs.json", overrides);

    private static MemoryForecast Plan(TestDevice device, Recipe recipe)
    {
        using Backend backend = device.Open();
        MemoryForecast forecast = MemoryPlanner.Plan(backend, recipe);
        Assert.AreEqual(0, backend.Memory.LiveCount);
        return forecast;
    }

    private static long Least(TestDevice device, string slab) =>
        Plan(device, Create($"reversible.slab={slab}", "reversible.memoryBudget=1TiB")).LeastBytes;
}
