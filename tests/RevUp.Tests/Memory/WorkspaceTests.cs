namespace RevUp.Tests.Memory;

/// <summary>
/// Packed weights and scratch: of one layer at a time in training, and of the whole network only
/// where it is not trained.
/// </summary>
[TestClass]
public sealed class WorkspaceTests
{
    [TestMethod]
    [EveryBackend(TestModel.Squeeze, MemoryPolicy.Store)]
    [EveryBackend(TestModel.Squeeze, MemoryPolicy.Checkpoint)]
    [EveryBackend(TestModel.Squeeze, MemoryPolicy.Compress)]
    [EveryBackend(TestModel.Squeeze, MemoryPolicy.Invert)]
    [EveryBackend(TestModel.StridedVolume, MemoryPolicy.Invert)]
    [EveryBackend(TestModel.RevNet, MemoryPolicy.Invert)]
    [EveryBackend(TestModel.Mixing, MemoryPolicy.Invert)]
    public void AStepNeedsNoMoreInADeeperNetwork(TestDevice device, string name, MemoryPolicy policy)
    {
        TestModel model = TestModel.Get(name);
        long shallow = OfAStep(2), deep = OfAStep(7);
        Assert.IsGreaterThan(0, shallow);
        Assert.AreEqual(shallow, deep);

        long OfAStep(int depth)
        {
            using TestNetwork network = new(device, model with { Settings = model.Settings.WithBlocks(depth) }, policy);
            network.DrawZeroConvolutions();
            network.Train(1);
            Arena memory = network.Backend.Memory;
            memory.ResetPeaks();
            long before = memory.Use[MemoryPurpose.Workspace];
            network.Train(1);
            return memory.Peak[MemoryPurpose.Workspace] - before;
        }
    }

    [TestMethod]
    [EveryModel(
        TestModel.Squeeze, TestModel.Strided, TestModel.ImageNet, TestModel.Volume, TestModel.ResNet,
        TestModel.RevNetVolume, TestModel.MixingVolume)]
    public void AnEvaluationNeedsNoMoreThanAStepAndLeavesNothing(TestDevice device, string name)
    {
        TestModel model = TestModel.Get(name);
        MemoryPolicy policy =
            PolicyRules.IsPossible(MemoryPolicy.Invert, model.Settings) ? MemoryPolicy.Invert : MemoryPolicy.Checkpoint;
        using TestNetwork network = new(device, model, policy), undisturbed = new(device, model, policy);
        Arena memory = network.Backend.Memory;
        network.Train(2);
        (int live, ulong layout) = (memory.LiveCount, memory.Layout);
        memory.ResetPeaks();
        network.Net.Predict(network.Data(0).Pixels);
        long evaluation = memory.TotalPeak;
        Assert.AreEqual((live, layout), (memory.LiveCount, memory.Layout));
        memory.ResetPeaks();
        network.Train(1);
        Assert.IsLessThanOrEqualTo(memory.TotalPeak, evaluation);
        Assert.AreEqual((live, layout), (memory.LiveCount, memory.Layout));
        undisturbed.Train(3);
        CollectionAssert.AreEqual(undisturbed.TrainingState(), network.TrainingState());
    }

    /// <summary>
    /// In networks with every layer bounded, whose weights are scaled in a copy on every device.
    /// </summary>
    [TestMethod]
    [EveryModel(TestModel.Volume, TestModel.IResNet)]
    public void ANetworkForPredictionsPacksItsWeightsOnce(TestDevice device, string name)
    {
        TestModel model = TestModel.Get(name);
        using Backend backend = device.Open();
        using RevUpNet once =
            new(backend, model.Settings, model.Sample, TestModel.Classes, seed: 5) { KeepsPackedWeights = true };
        using RevUpNet second = new(backend, model.Settings, model.Sample, TestModel.Classes, seed: 5);
        float[] sample = Vectors.Normal(7, (int)model.Sample.Count);
        float[] probabilities = second.Predict(sample);
        // Tables of weights, and the copies that they fill, stay where a device gathers.
        once.Predict(sample);
        once.Invalidate();
        int live = backend.Memory.LiveCount;
        CollectionAssert.AreEqual(probabilities, once.Predict(sample));
        (int packed, ulong layout) = (backend.Memory.LiveCount, backend.Memory.Layout);
        Assert.IsTrue(packed > live || backend.Gathers);
        CollectionAssert.AreEqual(probabilities, once.Predict(sample));
        Assert.AreEqual((packed, layout), (backend.Memory.LiveCount, backend.Memory.Layout));
        once.Invalidate();
        Assert.AreEqual(live, backend.Memory.LiveCount);
    }
}
