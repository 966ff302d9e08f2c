namespace RevUp.Tests.Parity;

/// <summary>
/// Store, checkpoint and invert are three ways to the same gradients, on networks whose residual
/// branches have been trained away from zero.
/// </summary>
[TestClass]
public sealed class PolicyParityTests
{
    [TestMethod]
    [EveryModel(
        TestModel.Squeeze, TestModel.Strided, TestModel.Bottleneck, TestModel.ImageNet, TestModel.Volume,
        TestModel.StridedVolume, TestModel.Chain, TestModel.RevNet, TestModel.RevNetVolume, TestModel.FixupRevNet,
        TestModel.MaxMin, TestModel.Affine, TestModel.AffineVolume, TestModel.Mixing, TestModel.MixingVolume,
        TestModel.IResNet, TestModel.Pooled, TestModel.PooledVolume)]
    public void InvertAgreesWithStoreAndCheckpointIsStoreBitForBit(TestDevice device, string model)
    {
        using TestNetwork network = TestNetwork.Trained(device, model);
        network.Prepare();
        float[] stored = network.Gradients(MemoryPolicy.Store);
        CollectionAssert.AreEqual(stored, network.Gradients(MemoryPolicy.Checkpoint));
        float[] inverted = network.Gradients(MemoryPolicy.Invert);
        Assert.IsLessThanOrEqualTo(1e-4, Vectors.RelativeDifference(stored, inverted));
        CollectionAssert.AreNotEqual(stored, inverted, "nothing was inverted");
        Assert.AreEqual(0, network.Engine.Replays);
        // A coupling block is inverted exactly, and has no record.
        foreach (InversionRecord record in network.Engine.Records)
        {
            Assert.IsTrue(record.Converged, $"{record}");
            Assert.IsGreaterThan(1, record.Evaluations, "F is zero: the case does not test what it says");
        }
    }

    [TestMethod]
    [EveryModel(TestModel.Squeeze, TestModel.StridedVolume)]
    public void TrainingUnderEitherPolicyGivesTheSameLosses(TestDevice device, string model)
    {
        const int Steps = 15;
        double[] stored = Train(MemoryPolicy.Store);
        double[] checkpointed = Train(MemoryPolicy.Checkpoint);
        double[] inverted = Train(MemoryPolicy.Invert);
        CollectionAssert.AreEqual(stored, checkpointed);
        for (int i = 0; i < Steps; i++)
        {
            // Each step's gradient differs by 1e-4 at most, and Steps of them add up.
            Assert.AreEqual(stored[i], inverted[i], Steps * 1e-4 * stored[0], $"step {i}");
        }
        Assert.IsLessThan(
            0.95 * stored[0], stored[^1], "the network did not learn: the case does not test what it says");

        double[] Train(MemoryPolicy policy)
        {
            using TestNetwork network = new(device, TestModel.Get(model), policy);
            return network.Train(Steps);
        }
    }

    [TestMethod]
    [EveryModel(TestModel.Squeeze, TestModel.Bottleneck)]
    public void TheDefaultToleranceLeavesAFewPercentOfTheGradientAtFewerEvaluations(TestDevice device, string model)
    {
        using TestNetwork network = TestNetwork.Trained(device, model);
        network.Prepare();
        float[] stored = network.Gradients(MemoryPolicy.Store);
        network.Gradients(MemoryPolicy.Invert);
        int exact = network.Engine.Records.ToArray().Sum(r => r.Evaluations);
        InversionSettings settings = new();
        float[] inverted = network.Gradients(new MemoryPlan(), settings);
        Assert.IsLessThan(exact, network.Engine.Records.ToArray().Sum(r => r.Evaluations));
        // An error of the tolerance in each block's input, carried through the backward pass of at
        // most as many blocks.
        Assert.IsLessThanOrEqualTo(
            network.Net.Blocks.Count * settings.Tolerance, Vectors.RelativeDifference(stored, inverted));
    }
}
