namespace RevUp.Tests.Memory;

/// <summary>
/// Steps leave nothing behind, neither in the arena nor in the managed heap, and read nothing that
/// was freed.
/// </summary>
[TestClass]
public sealed class SteadyStateTests
{
    private const int Steps = 50;

    [TestMethod]
    [EveryBackend(TestModel.Squeeze, MemoryPolicy.Invert)]
    [EveryBackend(TestModel.Squeeze, MemoryPolicy.Store)]
    [EveryBackend(TestModel.Squeeze, MemoryPolicy.Checkpoint)]
    [EveryBackend(TestModel.Squeeze, MemoryPolicy.Compress)]
    [EveryBackend(TestModel.StridedVolume, MemoryPolicy.Compress, SlowOnStandIn = true)]
    [EveryBackend(TestModel.ImageNet, MemoryPolicy.Invert)]
    [EveryBackend(TestModel.StridedVolume, MemoryPolicy.Invert)]
    [EveryBackend(TestModel.Squeeze, MemoryPolicy.Invert, EvaluationPrecision.Mixed, Type = ElementType.BFloat16)]
    public void FiftyStepsAllocateNothing(
        TestDevice device, string model, MemoryPolicy policy, EvaluationPrecision evaluations =
            EvaluationPrecision.Full)
    {
        using TestNetwork network = new(
            device, TestModel.Get(model), policy, TestNetwork.Exact with { Evaluations = evaluations });
        (float[] pixels, float[] targets) = network.Data(0);
        Arena arena = network.Backend.Memory;
        Run(5);
        (int live, long bytes, long managed) =
            (arena.LiveCount, arena.Use.Total, GC.GetAllocatedBytesForCurrentThread());
        Run(Steps);
        Assert.AreEqual(0, GC.GetAllocatedBytesForCurrentThread() - managed, "managed bytes");
        Assert.AreEqual(live, arena.LiveCount);
        Assert.AreEqual(bytes, arena.Use.Total);
        Assert.AreEqual(0, arena.Use[MemoryPurpose.Activations]);

        void Run(int steps)
        {
            for (int i = 0; i < steps; i++)
            {
                network.Step.Run(pixels, targets, learningRateFactor: 1);
            }
        }
    }

    [TestMethod]
    [EveryBackend]
    public void ANetworkAndItsStepGiveEverythingBack(TestDevice device)
    {
        using Backend backend = device.Open();
        TestModel model = TestModel.Get(TestModel.Bottleneck);
        using (RevUpNet net = new(backend, model.Settings, model.Sample, TestModel.Classes, seed: 1))
        using (TrainingStep step = new(net, new TrainingSettings(), new MemoryPlan(), new InversionSettings()))
        {
            step.Run(new float[model.Sample.Count], [1f, 0, 0], learningRateFactor: 1);
        }
        Assert.AreEqual(0, backend.Memory.Use.Total);
        Assert.AreEqual(0, backend.Memory.LiveCount);
    }

    [TestMethod]
    [EveryBackend]
    public void AStepWithoutRoomForItsMomentsLeavesNothing(TestDevice device)
    {
        using Backend backend = device.Open();
        TestModel model = TestModel.Get(TestModel.Squeeze);
        using RevUpNet net = new(backend, model.Settings, model.Sample, TestModel.Classes, seed: 1);
        long room = net.Parameters.Values.Bytes + 4 * Arena.Alignment; // one moment, and the statistics
        Tensor filler = backend.Memory.AllocateBytes(
            backend.Memory.Capacity - backend.Memory.Use.Total - room, MemoryPurpose.Workspace);
        (int live, long bytes) = (backend.Memory.LiveCount, backend.Memory.Use.Total);
        TrainingSettings training = new() { Optimizer = new OptimizerSettings { Kind = OptimizerKind.AdamW } };
        Assert.ThrowsExactly<ArenaExhaustedException>(
            () => new TrainingStep(net, training, new MemoryPlan(), new InversionSettings()));
        Assert.AreEqual((live, bytes), (backend.Memory.LiveCount, backend.Memory.Use.Total));
        backend.Memory.Free(filler);
    }

    [TestMethod]
    [EveryBackend(MemoryPolicy.Invert)]
    [EveryBackend(MemoryPolicy.Compress)]
    [EveryBackend(MemoryPolicy.Store)]
    public void AStepThatFailsHalfWayLeavesNothingAndTheNextOneWorks(TestDevice device, MemoryPolicy policy)
    {
        using TestNetwork network = new(device, TestModel.Get(TestModel.Squeeze), policy);
        network.Train(1);
        (int live, long bytes) = (network.Backend.Memory.LiveCount, network.Backend.Memory.Use.Total);
        (float[] pixels, float[] targets) = network.Data(1);
        pixels[0] = float.NaN;
        Assert.ThrowsExactly<TrainingDivergedException>(() => network.Step.Run(pixels, targets, learningRateFactor: 1));
        Assert.AreEqual(live, network.Backend.Memory.LiveCount);
        Assert.AreEqual(bytes, network.Backend.Memory.Use.Total);
        Assert.IsTrue(network.Train(1).All(double.IsFinite));
    }

    [TestMethod]
    [EveryBackend(TestModel.Squeeze, MemoryPolicy.Invert)]
    [EveryBackend(TestModel.Squeeze, MemoryPolicy.Store)]
    [EveryBackend(TestModel.ImageNet, MemoryPolicy.Invert)]
    [EveryBackend(TestModel.ImageNet, MemoryPolicy.Checkpoint)]
    [EveryBackend(TestModel.Volume, MemoryPolicy.Invert)]
    public void PoisonInFreedMemoryChangesNoBit(TestDevice device, string model, MemoryPolicy policy)
    {
        float[] poisoned = State(poison: true);
        Assert.IsTrue(poisoned.All(float.IsFinite));
        CollectionAssert.AreEqual(State(poison: false), poisoned);

        float[] State(bool poison)
        {
            using TestNetwork network = new(device, TestModel.Get(model), policy, poison: poison);
            network.Train(6);
            return network.TrainingState();
        }
    }

    [TestMethod]
    [EveryBackend]
    public void PoisonIsThere(TestDevice device)
    {
        using Backend backend = device.Open(poison: true);
        Tensor tensor = backend.ToDevice([1, 2, 3], new Shape(3));
        nint address = tensor.Address;
        backend.Memory.Free(tensor);
        // A freed tensor is refused; the next one of its size has its memory.
        Tensor next = backend.Memory.Allocate(tensor.Shape, tensor.Type, MemoryPurpose.Activations);
        Assert.AreEqual(address, next.Address);
        Assert.IsTrue(backend.ToHost(next).All(float.IsNaN));
        backend.Memory.Free(next);
    }
}
