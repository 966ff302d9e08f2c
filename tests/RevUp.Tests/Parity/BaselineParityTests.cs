namespace RevUp.Tests.Parity;

/// <summary>
/// The networks that RevUp is compared with give the same gradients under every policy that they
/// have.
/// </summary>
[TestClass]
public sealed class BaselineParityTests
{
    private const int Steps = 12;

    [TestMethod]
    [EveryModel(
        TestModel.ResNet, TestModel.FixupResNet, TestModel.RevNet, TestModel.RevNetVolume, TestModel.FixupRevNet,
        TestModel.IResNet)]
    public void CheckpointIsStoreBitForBitAndTheNetworkLearns(TestDevice device, string model)
    {
        using TestNetwork stored = new(device, TestModel.Get(model), MemoryPolicy.Store);
        using TestNetwork checkpointed = new(device, TestModel.Get(model), MemoryPolicy.Checkpoint);
        double[] losses = stored.Train(Steps);
        CollectionAssert.AreEqual(losses, checkpointed.Train(Steps));
        CollectionAssert.AreEqual(stored.TrainingState(), checkpointed.TrainingState());
        Assert.IsLessThan(0.95 * losses[0], losses[^1], "the network did not learn");
    }

    [TestMethod]
    [EveryModel(TestModel.RevNet, TestModel.RevNetVolume)]
    public void AnchorsOfACouplingNetworkChangeRoundingOnly(TestDevice device, string model)
    {
        using TestNetwork network = TestNetwork.Trained(device, model);
        network.Prepare();
        float[] free = network.Gradients(MemoryPolicy.Invert);
        float[] anchored = network.Gradients(new MemoryPlan { AnchorEvery = 1 }, TestNetwork.Exact);
        Assert.IsLessThanOrEqualTo(1e-4, Vectors.RelativeDifference(free, anchored));
    }
}
