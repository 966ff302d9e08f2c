namespace RevUp.Tests.Planning;

/// <summary>
/// Runs that choose their policies by measured costs, which are other ones every time, keep to what
/// they chose.
/// </summary>
[TestClass]
public sealed class PlannedRunTests : FolderTest
{
    [TestMethod]
    public void AResumedRunKeepsItsPlanAndItsRecipeRepeatsIt()
    {
        Recipe recipe = Planned(out MemoryForecast forecast);
        TestRuns.StopAfter(5, recipe, Folder["parts"]);
        Recipe kept = Written(Folder["parts"]);
        Assert.AreEqual(3, kept.Reversible.Plan.Blocks.Count);
        // A plan that no measurement would choose, in the place of the one that was chosen: what is
        // resumed must not choose again.
        Recipe odd = recipe with
        {
            Reversible = recipe.Reversible.WithPlan(forecast.Plan with { Blocks = Odd(forecast.Plan.Blocks) }),
        };
        TestRuns.Finish(odd, Folder["whole"]);
        TestRuns.StopAfter(5, odd, Folder["odd"]);
        RunSummary resumed = TestRuns.Finish(recipe, Folder["odd"], resume: true);
        Assert.AreEqual(SmallRecipe.Steps, resumed.Step);
        CollectionAssert.AreEqual(
            odd.Reversible.Plan.Blocks.ToArray(), Written(Folder["odd"]).Reversible.Plan.Blocks.ToArray());
        TestRuns.AssertSameState(Folder["whole"], Folder["odd"]);
        // The recipe that a run leaves is all that it takes to repeat it.
        TestRuns.Finish(Written(Folder["odd"]), Folder["again"]);
        TestRuns.AssertSameState(Folder["whole"], Folder["again"]);
    }

    [TestMethod]
    public void AnotherBudgetIsAnotherPlan()
    {
        Recipe recipe = Planned(out MemoryForecast forecast);
        Recipe odd = recipe with
        {
            Reversible = recipe.Reversible.WithPlan(forecast.Plan with { Blocks = Odd(forecast.Plan.Blocks) }),
        };
        TestRuns.StopAfter(5, odd, Folder["run"]);
        Recipe lean = recipe with { Reversible = recipe.Reversible with { MemoryBudget = forecast.LeastBytes } };
        using CpuBackend backend = TestRuns.Backend();
        using TrainingRun run = new(backend, lean, Folder["run"], resume: true);
        Assert.IsNotNull(run.Forecast);
        Assert.AreEqual(forecast.LeastBytes, run.Forecast.Step.PeakBytes);
        Assert.HasCount(3, run.Plan.Blocks);
    }

    [TestMethod]
    [DataRow]
    [DataRow("training.emaDecay=0.9", DisplayName = "with an average of the weights")]
    public void ARunStaysWithinItsBudget(params string[] overrides)
    {
        Recipe recipe = Planned(out _, overrides);
        RunSummary summary = TestRuns.Finish(recipe, Folder["run"]);
        Assert.IsGreaterThan(0, summary.Evaluation.Samples);
        Assert.IsLessThanOrEqualTo(recipe.Reversible.MemoryBudget, summary.TotalPeakBytes);
        Assert.IsGreaterThan(recipe.Reversible.MemoryBudget / 2, summary.TotalPeakBytes);
    }

    /// <summary>The small recipe with a budget in the middle of what its plans take.</summary>
    private static Recipe Planned(out MemoryForecast forecast, params string[] overrides)
    {
        Recipe auto = SmallRecipe.Create(
            ["reversible.policy=auto", "reversible.memoryBudget=1TiB", .. overrides]);
        using CpuBackend backend = TestRuns.Backend();
        forecast = MemoryPlanner.Plan(backend, auto);
        long budget = (forecast.LeastBytes + forecast.Uniform[MemoryPolicy.Store].PeakBytes) / 2;
        return auto with { Reversible = auto.Reversible with { MemoryBudget = budget } };
    }

    // Another plan than the one that measuring leads to.
    private static MemoryPolicy[] Odd(IReadOnlyList<MemoryPolicy> blocks) =>
        blocks[0] == MemoryPolicy.Checkpoint
            ? [MemoryPolicy.Invert, MemoryPolicy.Invert, MemoryPolicy.Invert]
            : [MemoryPolicy.Checkpoint, MemoryPolicy.Invert, MemoryPolicy.Invert];

    private static Recipe Written(string folder)
    {
        string path = Path.Combine(folder, TrainingRun.RecipeFileName);
        return RecipeFile.Parse(File.ReadAllText(path), path, []);
    }
}
