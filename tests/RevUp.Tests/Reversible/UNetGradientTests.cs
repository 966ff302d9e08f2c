namespace RevUp.Tests.Reversible;

/// <summary>Gradients of whole U-Nets under every policy.</summary>
[TestClass]
public sealed class UNetGradientTests
{
    /// <summary>
    /// Along one random direction for each tensor of parameters, so for each scalar alone, against
    /// central differences of a twin in float64.
    /// </summary>
    [TestMethod]
    [EveryBackend("picture")]
    [EveryBackend("volume")]
    [EveryBackend("anisotropic")]
    [EveryBackend("normalized")]
    [EveryBackend("normalized volume")]
    public void StoredGradientsAreThoseOfTheTwin(TestDevice device, string name)
    {
        const int Batch = 2;
        const double Step = 1e-5;
        TestModel model = TestUNet.Get(name);
        // The kink of ReLU would spoil the differences.
        ModelSettings residual = model.Settings with { Block = BlockKind.Residual, Activation = Activation.Elu };
        using TestUNet network = new(device, model with { Settings = residual }, batch: Batch);
        network.Gradients(MemoryPolicy.Store);
        UNetTwin twin = new(network.Net, Batch);
        double[] pixels = network.Backend.ToHost(network.Input).Widen();
        Dictionary<string, double[]> values = network.Net.Parameters.Parameters.ToDictionary(
            p => p.Name, p => network.Backend.ToHost(p.Value).Widen());
        List<double> expected = [], actual = [];
        foreach (Parameter parameter in network.Net.Parameters.Parameters)
        {
            double[] direction = Vectors.Normal(50 + expected.Count, parameter.Shape.Count).Widen();
            double[] value = values[parameter.Name];
            double above = Loss(Step), below = Loss(-Step);
            values[parameter.Name] = value;
            expected.Add((above - below) / (2 * Step));
            actual.Add(Vectors.Dot(direction, network.Backend.ToHost(parameter.Gradient).Widen()));

            double Loss(double step)
            {
                values[parameter.Name] = [.. value.Zip(direction, (v, d) => v + (step * d))];
                return twin.Loss(values, pixels, network.Targets);
            }
        }
        Assert.IsLessThanOrEqualTo(1e-4, Vectors.RelativeDifference([.. expected], [.. actual]));
        foreach ((double e, double a) in expected.Zip(actual))
        {
            Assert.AreEqual(e, a, 1e-3 * (Math.Abs(e) + 1));
        }
    }

    [TestMethod]
    [EveryBackend("picture")]
    [EveryBackend("volume")]
    [EveryBackend("mapped")]
    [EveryBackend("free")]
    [EveryBackend("anisotropic")]
    public void InvertedGradientsAreThoseOfStore(TestDevice device, string name)
    {
        using TestUNet network = new(device, TestUNet.Get(name));
        float[] stored = network.Gradients(MemoryPolicy.Store);
        Assert.IsLessThanOrEqualTo(
            1e-4, Vectors.RelativeDifference(
                stored, network.Gradients(MemoryPolicy.Invert, new InversionSettings { Tolerance = 1e-6 })));
        Assert.IsTrue(network.Net.Blocks.All(
            block => block.IsRecomputed || network.Engine.Records[block.Index].Evaluations > 1));
        Assert.AreEqual(0, network.Engine.Replays);
        Assert.IsLessThanOrEqualTo(
            0.03, Vectors.RelativeDifference(
                stored, network.Gradients(MemoryPolicy.Invert, new InversionSettings())));
        Assert.AreEqual(0, network.Engine.Replays);
    }

    /// <summary>The skip is rebuilt in any case: to rounding.</summary>
    [TestMethod]
    [EveryBackend("picture")]
    [EveryBackend("volume")]
    public void OtherPoliciesGiveTheGradientsOfStore(TestDevice device, string name)
    {
        using TestUNet network = new(device, TestUNet.Get(name));
        float[] stored = network.Gradients(MemoryPolicy.Store);
        CollectionAssert.AreEqual(stored, network.Gradients(MemoryPolicy.Checkpoint));
        Assert.IsLessThanOrEqualTo(1e-4, Vectors.RelativeDifference(
            stored, network.Gradients(new MemoryPlan { AnchorEvery = 2 })));
        for (int turn = 0; turn < 3; turn++)
        {
            MemoryPolicy[] policies = [MemoryPolicy.Store, MemoryPolicy.Invert, MemoryPolicy.Checkpoint];
            MemoryPlan plan = new()
            {
                Policy = MemoryPolicy.Auto,
                Blocks = [.. Enumerable.Range(turn, network.Net.Blocks.Count).Select(i => policies[i % 3])],
            };
            Assert.IsLessThanOrEqualTo(
                1e-4, Vectors.RelativeDifference(stored, network.Gradients(plan)), $"turn {turn}");
        }
    }

    /// <summary>
    /// An input is off by half a step of a code, and by another half where a transition keeps what
    /// is exact.
    /// </summary>
    [TestMethod]
    [EveryBackend("picture")]
    [EveryBackend("volume")]
    public void MoreBitsAreABetterGradient(TestDevice device, string name)
    {
        TestModel model = TestUNet.Get(name);
        LipschitzSettings none = new() { Mode = LipschitzMode.None };
        using TestUNet network = new(device, model with { Settings = model.Settings with { Lipschitz = none } });
        float[] stored = network.Gradients(MemoryPolicy.Store);
        double four = Error(4), eight = Error(8);
        Assert.IsTrue(eight > 0 && eight < four, $"4 bits: {four}, 8 bits: {eight}");
        Assert.IsLessThanOrEqualTo(Math.Sqrt(Math.Pow(2, -8)), eight);
        Assert.IsLessThanOrEqualTo(Math.Sqrt(Math.Pow(2, -4)), four);

        double Error(int bits) => Vectors.RelativeDifference(
            stored, network.Gradients(new MemoryPlan { Policy = MemoryPolicy.Compress, CompressBits = bits }));
    }

    /// <summary>
    /// No inversion of one evaluation is accepted at the tolerance of an exact one. Each input is
    /// then recomputed, in a decoder through the skip.
    /// </summary>
    [TestMethod]
    [EveryBackend("picture")]
    [EveryBackend("volume")]
    [EveryBackend("mapped")]
    [EveryBackend("free")]
    public void RefusedInversionsGiveTheGradientOfStore(TestDevice device, string name)
    {
        using TestUNet network = new(device, TestUNet.Get(name));
        float[] stored = network.Gradients(MemoryPolicy.Store);
        InversionSettings refused =
            TestNetwork.Exact with { MaximumEvaluations = 1, HardLimit = InversionSettings.Exact };
        float[] replayed = network.Gradients(MemoryPolicy.Invert, refused);
        int inverted = network.Net.Blocks.Count(block => !block.IsRecomputed);
        Assert.AreEqual(inverted, network.Engine.Replays);
        Assert.IsLessThanOrEqualTo(1e-5, Vectors.RelativeDifference(stored, replayed));
    }

    /// <summary>The baselines: nothing bounded, inputs kept or coded.</summary>
    [TestMethod]
    [EveryBackend("residual")]
    [EveryBackend("normalized")]
    [EveryBackend("normalized volume")]
    public void ResidualBlocksAreStored(TestDevice device, string name)
    {
        using TestUNet network = new(device, TestUNet.Get(name));
        float[] stored = network.Gradients(MemoryPolicy.Store);
        CollectionAssert.AreEqual(stored, network.Gradients(MemoryPolicy.Checkpoint));
        Assert.IsGreaterThan(0.0, stored.Max(Math.Abs));
        double four = Error(4), eight = Error(8);
        Assert.IsTrue(eight > 0 && eight < four, $"4 bits: {four}, 8 bits: {eight}");

        double Error(int bits) => Vectors.RelativeDifference(
            stored, network.Gradients(new MemoryPlan { Policy = MemoryPolicy.Compress, CompressBits = bits }));
    }
}
