namespace RevUp.Tests.Planning;

/// <summary>
/// Forecasts count frozen layers: a step takes the forecast memory to the byte, under every policy
/// and under a budget, and a refused inversion no more than was counted for it.
/// </summary>
[TestClass]
public sealed class FrozenPlanningTests
{
    [TestMethod]
    [DataRow(TestModel.Squeeze, "stages.0")]
    [DataRow(TestModel.Strided, "body")]
    [DataRow(TestModel.StridedVolume, "stages.0.blocks.0")]
    [DataRow(TestModel.FixupRevNet, "stages.1.down")]
    public void AStepTakesWhatWasForecast(string model, string freeze)
    {
        Recipe recipe = RecipeOf(TestModel.Get(model), freeze);
        using CpuBackend backend = TestRuns.Backend();
        MemoryForecast forecast = MemoryPlanner.Plan(backend, recipe);
        foreach ((MemoryPolicy policy, StepForecast step) in forecast.Uniform)
        {
            Assert.AreEqual(Measured(recipe, policy), step.PeakBytes, $"{policy}");
            Assert.IsLessThanOrEqualTo(step.ReplayPeakBytes, Measured(recipe, policy, refused: true), $"{policy}");
        }
        Recipe least = recipe with
        {
            Reversible = recipe.Reversible with { MemoryBudget = forecast.LeastBytes },
        };
        MemoryForecast tight = MemoryPlanner.Plan(backend, least);
        Recipe planned = least with { Reversible = least.Reversible.WithPlan(tight.Plan) };
        Assert.AreEqual(Measured(planned, MemoryPolicy.Auto), tight.Step.PeakBytes);
        // Less than the whole network takes, by the gradients and moments alone.
        Recipe whole = RecipeOf(TestModel.Get(model), freeze: null);
        Assert.IsLessThan(Measured(whole, MemoryPolicy.Store), Measured(recipe, MemoryPolicy.Store));
    }

    [TestMethod]
    [DataRow("stem")]
    [DataRow("stages.1.down")]
    [DataRow("stages.1.up")]
    public void AUNetTakesWhatWasForecast(string freeze)
    {
        Recipe recipe = RecipeOf(TestUNet.Picture, freeze);
        using CpuBackend backend = TestRuns.Backend();
        foreach ((MemoryPolicy policy, StepForecast step) in MemoryPlanner.Plan(backend, recipe).Uniform)
        {
            Assert.AreEqual(Measured(recipe, policy), step.PeakBytes, $"{policy}");
            Assert.IsLessThanOrEqualTo(step.ReplayPeakBytes, Measured(recipe, policy, refused: true), $"{policy}");
        }
    }

    [TestMethod]
    public void FrozenLayersHaveNoBackwardWork()
    {
        Recipe recipe = RecipeOf(TestModel.Get(TestModel.Chain), "stages.0.blocks.0");
        using CpuBackend backend = TestRuns.Backend();
        using RevUpNet net = new(
            backend, recipe.Model, recipe.Data.Sample, TestModel.Classes, seed: 1, trained: recipe.Training.Trained);
        using TrainingStep step = new(net, recipe.Training, new MemoryPlan(), new InversionSettings());
        LayerWork[] work = LayerWork.Of(net, step.Engine);
        Assert.AreEqual(0, work.Take(net.Frozen).Sum(layer => layer.Backward + layer.GradientBytes));
        Assert.AreEqual(net.Parameters.TrainedCount * sizeof(float), work.Sum(layer => layer.GradientBytes));
    }

    private static Recipe RecipeOf(TestModel model, string? freeze) => new()
    {
        Data = new DataSettings
        {
            Dataset = DatasetKind.Custom,
            Extents = [.. Enumerable.Range(0, model.Sample.SpatialRank).Select(axis => model.Sample.Extent(axis))],
            Channels = model.Sample.Channels,
            Classes = TestModel.Classes,
        },
        Model = model.Settings,
        Reversible = new ReversibleSettings
        {
            Policies = new() { Policy = MemoryPolicy.Auto },
            MemoryBudget = long.MaxValue,
            AllowCompress = true,
            Inversion = new()
            {
                Tolerance = InversionSettings.Exact,
                MaximumEvaluations = 2,
                HardLimit = double.MaxValue,
            },
        },
        Training = new TrainingSettings { BatchSize = 5, Trained = new() { Freeze = freeze } },
    };

    private static long Measured(Recipe recipe, MemoryPolicy policy, bool refused = false)
    {
        InversionSettings inversion = recipe.Reversible.Inversion;
        inversion = refused ? inversion with { HardLimit = inversion.Tolerance } : inversion;
        Recipe measured = recipe with { Reversible = recipe.Reversible with { Inversion = inversion } };
        return MemoryProbe.Measure(measured, blocks: 0, policy, () => TestRuns.Backend()).TotalPeakBytes;
    }
}
