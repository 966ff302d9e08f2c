namespace RevUp.Tests.Reversible;

/// <summary>
/// Blocks without a bound after a layer that keeps its input: the block's input is computed from
/// it.
/// </summary>
[TestClass]
public sealed class LeadingBlockTests
{
    [TestMethod]
    [EveryBackend(TestModel.Leading, "0 3")]
    [EveryBackend(TestModel.LeadingVolume, "0")]
    [EveryBackend(TestModel.LeadingPooled, "0 2")]
    [EveryBackend(TestModel.Strided, "")]
    public void TheFirstBlockBehindALayerWithoutAnInverseIsFree(TestDevice device, string model, string free)
    {
        using TestNetwork network = new(device, TestModel.Get(model));
        Assert.AreEqual(
            free, string.Join(' ', network.Net.Blocks.Where(block => block.IsRecomputed).Select(block => block.Index)));
        foreach (InvertibleBlock block in network.Net.Blocks)
        {
            Assert.AreNotEqual(block.IsRecomputed, block.IsInvertible, block.Name);
            Assert.AreEqual(block.IsRecomputed, double.IsPositiveInfinity(block.Branch.LipschitzLimit), block.Name);
            Assert.AreEqual(block.IsRecomputed, !block.Branch.Norms.Any(), block.Name);
        }
    }

    /// <summary>Also with a branch that no iteration inverts.</summary>
    [TestMethod]
    [EveryModel(TestModel.Leading, TestModel.LeadingVolume, TestModel.LeadingPooled)]
    public void TheirInputsAreThoseOfTheForwardPassAndGradientsThoseOfStore(TestDevice device, string model)
    {
        using TestNetwork network = new(device, TestModel.Get(model));
        network.DrawZeroConvolutions();
        foreach (InvertibleBlock block in network.Net.Blocks.Where(block => block.IsRecomputed))
        {
            Tensor weight = network.Net.Parameters.Parameters.Single(p => p.Name == $"{block.Name}.conv2.weight").Value;
            network.Backend.Upload<float>([.. network.Backend.ToHost(weight).Select(w => 20 * w)], weight);
        }
        network.Prepare();
        Dictionary<int, float[]> inputs = [];
        network.Engine.InputObserver = (block, x) => inputs[block.Index] = network.Backend.ToHost(x);
        float[] stored = network.Gradients(MemoryPolicy.Store);
        Dictionary<int, float[]> kept = new(inputs);
        float[] inverted = network.Gradients(MemoryPolicy.Invert);
        Assert.IsLessThanOrEqualTo(1e-4, Vectors.RelativeDifference(stored, inverted));
        Assert.AreEqual(0, network.Engine.Replays);
        foreach (InvertibleBlock block in network.Net.Blocks)
        {
            InversionRecord record = network.Engine.Records[block.Index];
            if (block.IsRecomputed)
            {
                CollectionAssert.AreEqual(kept[block.Index], inputs[block.Index], block.Name);
                Assert.AreEqual(0, record.Evaluations, block.Name);
            }
            else
            {
                Assert.IsTrue(record is { Converged: true, Evaluations: > 1 }, $"{block.Name}: {record}");
            }
        }
    }

    [TestMethod]
    [EveryModel(TestModel.Leading, TestModel.LeadingVolume, TestModel.LeadingPooled)]
    public void ThePeakIsTheSameAtEveryDepth(TestDevice device, string model)
    {
        long[] peaks = [.. new[] { 4, 5, 9 }.Select(Peak)];
        CollectionAssert.AreEqual(peaks.Select(_ => peaks[0]).ToArray(), peaks);

        long Peak(int depth)
        {
            TestModel deep = TestModel.Get(model) with { Settings = TestModel.Get(model).Settings.WithBlocks(depth) };
            // Two blocks a stage at least, so that one is inverted. Gradients of random branches
            // without a bound would take the weights anywhere.
            using TestNetwork network = new(device, deep, optimizer: new OptimizerSettings { LearningRate = 1e-6 });
            network.DrawZeroConvolutions();
            network.Train(1);
            network.Backend.Memory.ResetPeaks();
            network.Train(1);
            Assert.AreEqual(0, network.Engine.Replays);
            return network.Backend.Memory.Peak[MemoryPurpose.Activations];
        }
    }

    [TestMethod]
    public void AnAutomaticPlanIsRefused()
    {
        ModelSettings settings = TestModel.Get(TestModel.Leading).Settings;
        ConfigurationException exception = Assert.ThrowsExactly<ConfigurationException>(
            () => new MemoryPlan { Policy = MemoryPolicy.Auto }.ValidateUnplanned(settings));
        Assert.Contains("model.lipschitz.freeLeadingBlocks is true; use false", exception.Message);
    }
}
