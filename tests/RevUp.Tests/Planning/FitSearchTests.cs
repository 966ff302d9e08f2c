namespace RevUp.Tests.Planning;

/// <summary>
/// The largest size has a plan within the budget, its step takes what was forecast, and the next
/// size has no plan.
/// </summary>
[TestClass]
public sealed class FitSearchTests
{
    private const long Budget = 32 << 20;

    // Inversions of two evaluations, so that none takes less than was counted.
    private static readonly ReversibleSettings s_twoEvaluations = new()
    {
        Inversion = new()
        {
            Tolerance = InversionSettings.Exact,
            MaximumEvaluations = 2,
            HardLimit = double.MaxValue,
        },
    };

    [TestMethod]
    [DataRow(FitDimension.Image, 2)]
    [DataRow(FitDimension.Batch, 1)]
    [DataRow(FitDimension.Depth, 2)]
    public void AClassifierFitsAndTheNextSizeDoesNot(object dimension, int unit) =>
        AssertLargest(Classifier(), (FitDimension)dimension, unit, 2 << 20);

    [TestMethod]
    [DataRow(FitDimension.Cube, 2, Budget)]
    [DataRow(FitDimension.Batch, 1, Budget)]
    [DataRow(FitDimension.Depth, 3, 2 * Budget)]
    public void AUNetFitsAndTheNextSizeDoesNot(object dimension, int unit, long budget) =>
        AssertLargest(UNet(LipschitzMode.PerBranch), (FitDimension)dimension, unit, budget);

    /// <summary>
    /// Adaptive control and leading blocks without a bound leave no choice of policies.
    /// </summary>
    [TestMethod]
    public void ARecipeThatIsNotPlannedFitsAndTheNextSizeDoesNot()
    {
        Recipe recipe = UNet(LipschitzMode.Adaptive, freeLeadingBlocks: true);
        FitSizes sizes = new(recipe, FitDimension.Cube, Budget);
        FitSearch search = Search(sizes);
        (int size, Recipe found, StepForecast step) = search.Largest();
        Assert.AreEqual(MemoryPolicy.Invert, found.Reversible.Policies.Policy);
        Assert.IsGreaterThan(0, found.Reversible.Policies.Slab);
        MemoryRow row = Measure(found, hardLimit: double.MaxValue);
        Assert.AreEqual(step.PeakBytes, row.TotalPeakBytes);
        row = Measure(found, hardLimit: InversionSettings.Exact);
        Assert.AreEqual(step.ReplayPeakBytes, row.TotalPeakBytes);
        Assert.IsLessThanOrEqualTo(Budget, row.TotalPeakBytes);
        Recipe next = MemoryPlanner.WithSlab(sizes.At(size + sizes.Unit), 1);
        Assert.IsGreaterThan(Budget, Measure(next, InversionSettings.Exact).TotalPeakBytes);

        static MemoryRow Measure(Recipe recipe, double hardLimit)
        {
            InversionSettings inversion =
                new() { Tolerance = InversionSettings.Exact, MaximumEvaluations = 2, HardLimit = hardLimit };
            recipe = recipe with { Reversible = recipe.Reversible with { Inversion = inversion } };
            return MemoryProbe.Measure(recipe, blocks: 0, MemoryPolicy.Invert, Open, warmUp: false);
        }
    }

    [TestMethod]
    public void PoliciesAloneEndWhereTheirForecastsDo()
    {
        FitSizes sizes = new(UNet(LipschitzMode.PerBranch), FitDimension.Cube, Budget);
        FitSearch search = Search(sizes);
        FitRow[] rows = [.. search.Alone()];
        CollectionAssert.AreEqual(
            new[] { "Store False", "Checkpoint False", "Invert False", "Invert True" },
            rows.Select(row => $"{row.Policy} {row.AllowsSlabs}").ToArray());
        int largest = search.Largest().Size;
        foreach (FitRow row in rows)
        {
            Assert.IsInRange(1, largest, row.Size);
            Assert.IsLessThanOrEqualTo(Budget, row.Bytes);
            Assert.AreEqual(row.Bytes, Alone(sizes, row.Size, row).ReplayPeakBytes);
            if (!row.AllowsSlabs)
            {
                Assert.IsGreaterThan(Budget, Alone(sizes, row.Size + sizes.Unit, row).ReplayPeakBytes);
            }
        }
        Assert.IsGreaterThan(rows[0].Size, rows[3].Size);
    }

    [TestMethod]
    public void ABudgetBelowTheSmallestSizeNamesTheBytesItNeeds()
    {
        FitSizes sizes = new(Classifier(), FitDimension.Image, 4096);
        string message = Assert.ThrowsExactly<ConfigurationException>(() => Search(sizes).Largest()).Message;
        Assert.StartsWith("the budget is 4096 bytes, and a step at the smallest size, 4×4, takes ", message);
        long least = long.Parse(message.Split(" takes ")[1].Split(' ')[0], CultureInfo.InvariantCulture);
        Assert.IsGreaterThanOrEqualTo(4, Search(new FitSizes(Classifier(), FitDimension.Image, least)).Largest().Size);
        Assert.ThrowsExactly<ConfigurationException>(
            () => Search(new FitSizes(Classifier(), FitDimension.Image, least - 1)).Largest());
    }

    [TestMethod]
    public void DimensionsThatTheDataDoesNotHaveAreRefused()
    {
        Assert.Contains("use 'image', 'batch' or 'depth'", Refusal(Classifier(), FitDimension.Cube));
        Assert.Contains("use 'cube', 'batch' or 'depth'", Refusal(UNet(LipschitzMode.PerBranch), FitDimension.Image));
        Recipe cifar = Classifier() with { Data = new DataSettings { Dataset = DatasetKind.Cifar10 } };
        Assert.Contains("use 'batch' or 'depth', or a recipe", Refusal(cifar, FitDimension.Image));
        Assert.AreEqual("batch", new FitSizes(cifar, null, Budget).Word);
        Assert.AreEqual("cube", new FitSizes(UNet(LipschitzMode.PerBranch), null, Budget).Word);
    }

    [TestMethod]
    public void ASearchThatIsStoppedEnds()
    {
        FitSearch search = new(new FitSizes(Classifier(), null, Budget), Open, _ => { }, new CancellationToken(true));
        Assert.ThrowsExactly<OperationCanceledException>(() => search.Largest());
    }

    internal static Recipe UNet(LipschitzMode mode, bool freeLeadingBlocks = false) => new()
    {
        Data = new DataSettings { Dataset = DatasetKind.Lesions, Extents = [16, 16, 16], Channels = 1 },
        Model = new ModelSettings
        {
            Task = ModelTask.Segmentation,
            Lipschitz = new LipschitzSettings { Mode = mode, FreeLeadingBlocks = freeLeadingBlocks },
            Stages = [new() { Channels = 16 }, new() { Channels = 16 }],
        },
        Reversible = s_twoEvaluations,
        Training = new() { BatchSize = 1 },
    };

    private static Recipe Classifier() => new()
    {
        Data = new DataSettings { Dataset = DatasetKind.Synthetic, Extents = [8, 8], Channels = 3, Classes = 4 },
        Model = new ModelSettings { Stages = [new() { Channels = 8 }, new() { Channels = 16 }] },
        Reversible = s_twoEvaluations,
        Training = new() { BatchSize = 2 },
    };

    private static void AssertLargest(Recipe recipe, FitDimension dimension, int unit, long budget)
    {
        FitSizes sizes = new(recipe, dimension, budget);
        Assert.AreEqual(unit, sizes.Unit);
        (int size, Recipe found, StepForecast step) = Search(sizes).Largest();
        Assert.AreEqual(0, size % unit);
        Assert.IsGreaterThan(sizes.Smallest, size);
        Assert.IsGreaterThan(0, step.Milliseconds);
        MemoryRow row = MemoryProbe.Measure(found, blocks: 0, MemoryPolicy.Auto, Open, warmUp: false);
        Assert.AreEqual(found.Reversible.Plan.Slab, row.Slab);
        Assert.AreEqual(step.PeakBytes, row.TotalPeakBytes);
        using Backend backend = Open();
        Assert.IsLessThanOrEqualTo(budget, MemoryPlanner.Plan(backend, sizes.At(size)).LeastBytes);
        ConfigurationException refused = Assert.ThrowsExactly<ConfigurationException>(
            () => MemoryPlanner.Plan(backend, sizes.At(size + unit)));
        Assert.Contains("the least that a step of this network takes", refused.Message);
    }

    private static StepForecast Alone(FitSizes sizes, int size, FitRow row)
    {
        using Backend backend = Open();
        Recipe recipe = MemoryPlanner.WithSlab(sizes.At(size), row.Slab);
        using RevUpNet net = new(backend, recipe.Model, recipe.Data.Sample, recipe.Data.ClassCount, seed: 1);
        return NetworkCosts.Measure(net, recipe).Forecast(recipe.Reversible.Policies with { Policy = row.Policy });
    }

    private static string Refusal(Recipe recipe, FitDimension dimension) =>
        Assert.ThrowsExactly<ConfigurationException>(() => new FitSizes(recipe, dimension, Budget)).Message;

    private static FitSearch Search(FitSizes sizes) => new(sizes, Open, _ => { }, CancellationToken.None);

    private static CpuBackend Open() => new(threads: 1);
}
