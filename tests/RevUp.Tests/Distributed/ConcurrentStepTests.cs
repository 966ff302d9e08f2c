namespace RevUp.Tests.Distributed;

/// <summary>
/// Steps of ranks whose device adds beside the work: they wait once, leave no garbage, and are
/// recorded whole.
/// </summary>
[TestClass]
public sealed class ConcurrentStepTests
{
    private const int Steps = 10;

    private static readonly TestDevice s_cuda = TestDevice.All.Single(device => device.ToString() == "cuda");

    private static readonly InversionSettings s_loose = new() { Tolerance = 1e-3 };

    [TestMethod]
    [DataRow(TestModel.Squeeze, MemoryPolicy.Invert)]
    [DataRow(TestModel.Adaptive, MemoryPolicy.Invert)]
    [DataRow(TestModel.Chain, MemoryPolicy.Store)]
    public void SumsAreRecordedWithTheStepAndChangeNoBit(string model, MemoryPolicy policy)
    {
        using TestNetwork plain = Network(model, policy, graph: false);
        using TestNetwork recorded = Network(model, policy, graph: true);
        CollectionAssert.AreEqual(plain.Train(Steps), recorded.Train(Steps));
        CollectionAssert.AreEqual(plain.TrainingState(), recorded.TrainingState());
        CollectionAssert.AreEqual(plain.Engine.Records.ToArray(), recorded.Engine.Records.ToArray());
        Assert.IsGreaterThan(0, recorded.Step.Recordings);
        foreach (TestNetwork network in (TestNetwork[])[plain, recorded])
        {
            Assert.AreEqual(policy == MemoryPolicy.Invert, network.Engine.Inverter.Plan.Most > 0);
            (float[] pixels, float[] targets) = network.Data(Steps);
            (long waits, long managed) = (CudaCounters.Waits, GC.GetAllocatedBytesForCurrentThread());
            network.Step.Run(pixels, targets, 1);
            Assert.AreEqual(0, GC.GetAllocatedBytesForCurrentThread() - managed, "managed bytes");
            Assert.AreEqual(1, CudaCounters.Waits - waits);
        }
    }

    [TestMethod]
    public void ARefusedStepIsRepeatedWithItsSums()
    {
        using TestNetwork network = Network(TestModel.Squeeze, MemoryPolicy.Invert, graph: false);
        network.Train(6, _ => 0); // branches stay zero, and k stays 1
        network.DrawZeroConvolutions();
        network.Train(4);
        Assert.AreEqual(1, network.Engine.Replays);
        Assert.IsGreaterThan(1, network.Engine.Inverter.Plan.Most);
    }

    private static TestNetwork Network(string model, MemoryPolicy policy, bool graph) => new(
        s_cuda, TestModel.Get(model), policy, s_loose, cudaGraph: graph,
        ranks: backend => new RecordingCollective(backend, isConcurrent: true) { IsNoting = false });
}
