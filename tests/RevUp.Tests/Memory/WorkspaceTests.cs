using RevUp.Reversible;
using RevUp.Tensors;
using RevUp.Tests.Support;

namespace RevUp.Tests.Memory;

/// <summary>Packed weights and scratch: of one layer at a time in training, and of the whole network only between evaluations.</summary>
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
    [EveryBackend(TestModel.Squeeze)]
    [EveryBackend(TestModel.Strided)]
    public void AnEvaluationKeepsWhatItPackedUntilTheNextStep(TestDevice device, string model)
    {
        using TestNetwork network = new(device, TestModel.Get(model)), undisturbed = new(device, TestModel.Get(model));
        Arena memory = network.Backend.Memory;
        network.Train(2);
        (int live, ulong layout) = (memory.LiveCount, memory.Layout);
        float[] sample = new float[network.Net.Sample.Count];
        network.Net.Predict(sample);
        int packed = memory.LiveCount;
        network.Net.Predict(sample);
        Assert.AreEqual(packed, memory.LiveCount);
        network.Train(1);
        Assert.AreEqual((live, layout), (memory.LiveCount, memory.Layout));
        undisturbed.Train(3);
        CollectionAssert.AreEqual(undisturbed.TrainingState(), network.TrainingState());
    }
}
