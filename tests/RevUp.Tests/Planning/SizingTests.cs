namespace RevUp.Tests.Planning;

/// <summary>A backend that computes nothing counts the bytes of the one that does.</summary>
[TestClass]
public sealed class SizingTests
{
    [TestMethod]
    [DataRow(TestModel.Squeeze)]
    [DataRow(TestModel.Bottleneck)]
    [DataRow(TestModel.ImageNet)]
    [DataRow(TestModel.StridedVolume)]
    [DataRow(TestModel.IResNet)]
    [DataRow(TestModel.RevNetVolume)]
    [DataRow(TestModel.Affine)]
    [DataRow(TestModel.MixingVolume)]
    public void ClassifiersTakeTheSameBytes(string name)
    {
        TestModel model = TestModel.Get(name);
        AssertSame(new Recipe
        {
            Data = new DataSettings
            {
                Dataset = DatasetKind.Synthetic,
                Extents = [.. Enumerable.Range(0, model.Sample.SpatialRank).Select(axis => model.Sample.Extent(axis))],
                Channels = model.Sample.Channels,
                Classes = TestModel.Classes,
            },
            Model = model.Settings,
            Reversible = Settings(slab: 0, compress: true),
            Training = new TrainingSettings { BatchSize = 3 },
        });
    }

    [TestMethod]
    [DataRow(0)]
    [DataRow(4)]
    public void UNetsTakeTheSameBytesWithAndWithoutSlabs(int slab) => AssertSame(
        FitSearchTests.UNet(LipschitzMode.PerBranch) with { Reversible = Settings(slab, compress: false) });

    [TestMethod]
    public void ASlabMayHaveMoreNumbersThanOneExtent()
    {
        Tensor slab = new(64, ElementType.Float32, new Shape(1, 258, 512, 512, 32));
        Assert.IsGreaterThan(int.MaxValue, slab.Count);
        Assert.AreEqual(slab.Count, slab.AsFloats().Count);
    }

    private static ReversibleSettings Settings(int slab, bool compress) => new()
    {
        Policies = new MemoryPlan { Policy = MemoryPolicy.Auto, Slab = slab },
        MemoryBudget = long.MaxValue,
        AllowCompress = compress,
    };

    private static void AssertSame(Recipe recipe)
    {
        using CpuBackend backend = new(threads: 1);
        using Backend sizing = backend.Sizing()!;
        MemoryForecast real = Measure(backend, recipe), sized = Measure(sizing, recipe);
        Assert.AreEqual(0, sizing.Memory.LiveCount);
        Assert.AreEqual(real.LeastBytes, sized.LeastBytes);
        Assert.HasCount(real.Uniform.Count, sized.Uniform);
        foreach ((MemoryPolicy policy, StepForecast step) in real.Uniform)
        {
            Assert.AreEqual(step.PeakBytes, sized.Uniform[policy].PeakBytes, $"{policy}");
            Assert.AreEqual(step.ReplayPeakBytes, sized.Uniform[policy].ReplayPeakBytes, $"{policy}");
        }
    }

    private static MemoryForecast Measure(Backend backend, Recipe recipe)
    {
        using RevUpNet net = new(backend, recipe.Model, recipe.Data.Sample, recipe.Data.ClassCount, seed: 1);
        return NetworkCosts.Measure(net, recipe).Plan(recipe.Reversible);
    }
}
