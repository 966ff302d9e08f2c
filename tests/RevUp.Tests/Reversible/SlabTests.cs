namespace RevUp.Tests.Reversible;

/// <summary>Blocks slab by slab of planes, against blocks as a whole.</summary>
[TestClass]
public sealed class SlabTests
{
    private const int Batch = 2;
    private const int Width = 16;

    // Rows and slices begin where a tensor may: at multiples of 64 bytes.
    private static readonly Shape s_picture = new(1, 11, 4, 16);
    private static readonly Shape s_volume = new(1, 9, 2, 4, 16);

    private static IEnumerable<BranchSettings> Settings =>
    [
        TestBlock.Settings(kind: BranchKind.Basic, activation: Activation.Relu),
        TestBlock.Settings(kind: BranchKind.Basic, activation: Activation.Elu, groups: 2),
        TestBlock.Settings(LipschitzMode.PerLayer, BranchKind.Basic, Activation.MaxMin),
        TestBlock.Settings(kind: BranchKind.Bottleneck, activation: Activation.Elu),
        TestBlock.Settings(LipschitzMode.None, BranchKind.IResNet, Activation.MaxMin) with
        {
            Normalization = Normalization.None,
        },
    ];

    /// <summary>
    /// Slabs of one plane, which are thinner than the reach of the kernels, slabs that do not
    /// divide the extent, and slabs of nearly all planes.
    /// </summary>
    [TestMethod]
    [EveryBackend(false)]
    [EveryBackend(true)]
    public void PassesAreThoseOfTheWhole(TestDevice device, bool volume)
    {
        Shape sample = volume ? s_volume : s_picture;
        foreach (BranchSettings settings in Settings)
        {
            using Backend backend = device.Open(poison: true);
            using TestBlock block = Block(backend, sample, settings);
            Passes whole = new(block, slab: 0);
            foreach (int slab in (int[])[1, 2, 4, sample.Extent(0) - 1])
            {
                Passes slabs = new(block, slab);
                string what = $"{settings.Kind}, {settings.Activation}, {slab} planes";
                Assert.IsGreaterThan(0, block.Block.Slab, what);
                AssertClose(1e-6, whole.Output, slabs.Output, what);
                AssertClose(1e-5, whole.InputGradient, slabs.InputGradient, what);
                foreach ((Parameter parameter, int i) in block.Store.Parameters.Select((p, i) => (p, i)))
                {
                    AssertClose(1e-5, whole.Gradients[i], slabs.Gradients[i], $"{what}, {parameter.Name}");
                }
            }
        }
    }

    /// <summary>
    /// In bfloat16 slabs may be as far from float32 as twice what the whole is.
    /// </summary>
    [TestMethod]
    [EveryBackend(false, Type = ElementType.BFloat16)]
    [EveryBackend(true, Type = ElementType.BFloat16)]
    public void BranchesInBFloat16RoundNoMoreThanTheWhole(TestDevice device, bool volume)
    {
        Shape sample = volume ? s_volume : s_picture;
        using Backend backend = device.Open(poison: true);
        BranchSettings settings = TestBlock.Settings(kind: BranchKind.Basic, activation: Activation.Elu);
        using TestBlock wide = Block(backend, sample, settings);
        using TestBlock narrow = Block(backend, sample, settings with { Type = ElementType.BFloat16 });
        Passes exact = new(wide, slab: 0), whole = new(narrow, slab: 0);
        foreach (int slab in (int[])[1, 4])
        {
            Passes slabs = new(narrow, slab);
            Assert.IsGreaterThan(0, narrow.Block.Slab);
            AssertNoFarther(exact.Output, whole.Output, slabs.Output, $"{slab} planes");
            AssertNoFarther(exact.InputGradient, whole.InputGradient, slabs.InputGradient, $"{slab} planes");
            AssertNoFarther(All(exact), All(whole), All(slabs), $"{slab} planes, parameters");
        }
    }

    /// <summary>The first evaluation of a mixed inversion, in a branch of float32.</summary>
    [TestMethod]
    [EveryBackend(false, Type = ElementType.BFloat16)]
    [EveryBackend(true, Type = ElementType.BFloat16)]
    public void AnApproximationIsThatOfTheWhole(TestDevice device, bool volume)
    {
        using Backend backend = device.Open(poison: true);
        BranchSettings settings = TestBlock.Settings(kind: BranchKind.Basic, activation: Activation.Elu);
        Shape sample = volume ? s_volume : s_picture;
        using TestBlock block = Block(backend, sample, settings);
        Shape shape = sample.WithBatch(Batch);
        Tensor x = backend.ToDevice(Vectors.Normal(1, shape.Count), shape);
        // Packs the weights in float32, which stay.
        float[] exact = block.Evaluate(x);
        int live = backend.Memory.LiveCount;
        float[] whole = backend.Take(block.Branch.Approximate(x));
        foreach (int slab in (int[])[1, 4])
        {
            List<float> slabs = [];
            SlabEvaluation evaluation = block.Branch.ApproximateSlabs!;
            for (int n = 0; n < Batch; n++)
            {
                for (evaluation.Begin(Planes.Of(x, n), slab); evaluation.Next();)
                {
                    Assert.AreEqual(ElementType.BFloat16, evaluation.Z.Type);
                    slabs.AddRange(backend.ToHost(evaluation.Z));
                }
            }
            Assert.AreEqual(live, backend.Memory.LiveCount, "an approximation left memory behind");
            AssertNoFarther(exact, whole, [.. slabs], $"{slab} planes");
        }
        backend.Memory.Free(x);
    }

    private static float[] All(Passes passes) => [.. passes.Gradients.SelectMany(gradient => gradient)];

    private static void AssertNoFarther(float[] exact, float[] whole, float[] slabs, string what)
    {
        double bound = 2 * Vectors.RelativeDifference(exact, whole);
        Assert.IsLessThanOrEqualTo(bound, Vectors.RelativeDifference(exact, slabs), what);
    }

    private static TestBlock Block(Backend backend, Shape sample, BranchSettings settings)
    {
        TestBlock block = new(backend, sample, Width, settings, gain: 0.6, multiplier: 0.9f);
        block.Prepare(Batch);
        return block;
    }

    private static void AssertClose(double tolerance, float[] expected, float[] actual, string what)
    {
        // No multiplier that the bound holds back has a gradient.
        if (expected is [0] && actual is [0])
        {
            return;
        }
        Assert.IsLessThanOrEqualTo(tolerance, Vectors.RelativeDifference(expected, actual), what);
    }

    /// <summary>Both passes of a block with slabs of some planes; 0 for none.</summary>
    private sealed class Passes
    {
        public Passes(TestBlock block, int slab)
        {
            (Backend backend, InvertibleBlock layer) = (block.Backend, block.Block);
            layer.SetSlab(slab * Planes.Elements(layer.Input));
            Shape shape = layer.Input.WithBatch(Batch);
            Tensor x = backend.ToDevice(Vectors.Normal(1, shape.Count), shape);
            SavedTensors saved = default;
            int live = backend.Memory.LiveCount;
            Output = backend.Take(layer.Forward(x, ForwardMode.Keep, ref saved));
            backend.Fill(block.Store.Gradients, 0);
            Tensor gradient = backend.ToDevice(Vectors.Normal(2, shape.Count), shape);
            InputGradient = backend.Take(layer.Backward(x, gradient, inputGradient: true, ref saved));
            layer.ReleaseWeights();
            Assert.AreEqual(live, backend.Memory.LiveCount, "the passes left memory behind");
            Gradients = [.. block.Store.Parameters.Select(parameter => backend.ToHost(parameter.Gradient))];
            backend.Memory.Free(x);
        }

        public float[] Output { get; }

        public float[] InputGradient { get; }

        public IReadOnlyList<float[]> Gradients { get; }
    }
}
