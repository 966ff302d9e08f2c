namespace RevUp.Tests.Traps;

/// <summary>
/// Running statistics count a batch once, however often its forward pass is repeated, and
/// evaluation depends on nothing else.
/// </summary>
[TestClass]
public sealed class RunningStatisticsTraps
{
    private const int Channels = 5;

    [TestMethod]
    [EveryBackend]
    public void ARecomputationSeesTheSameStatisticsAndCountsNothing(TestDevice device)
    {
        using Backend backend = device.Open();
        using ParameterStore store = new(backend);
        using BatchNorm norm = new("bn", backend, store, Channels, Activation.Relu);
        store.Build(seed: 1);
        float[] values = Vectors.Normal(1, 4 * 6 * Channels);
        Tensor x = backend.ToDevice(values, new Shape(4, 2, 3, Channels)), p = backend.ToDevice(values, x.Shape);

        norm.Prepare(NetworkUse.Training);
        norm.Forward(x, measure: true, p);
        (float[] measured, float[] state) = (backend.ToHost(p), State(backend, store));
        norm.Forward(x, measure: false, p);

        CollectionAssert.AreEqual(measured, backend.ToHost(p));
        CollectionAssert.AreEqual(state, State(backend, store));
        for (int c = 0; c < Channels; c++)
        {
            double[] channel = [.. values.Where((_, i) => i % Channels == c).Select(value => (double)value)];
            double mean = channel.Average();
            double unbiased = channel.Sum(value => (value - mean) * (value - mean)) / (channel.Length - 1);
            Assert.AreEqual(BatchNorm.Momentum * mean, state[c], 1e-6);
            Assert.AreEqual(1 - BatchNorm.Momentum + BatchNorm.Momentum * unbiased, state[Channels + c], 1e-6);
        }
        Free(backend, x, p);
    }

    [TestMethod]
    [EveryBackend]
    public void EvaluationUsesThemAndLeavesThem(TestDevice device)
    {
        using Backend backend = device.Open();
        using ParameterStore store = new(backend);
        using BatchNorm norm = new("bn", backend, store, Channels, Activation.Identity);
        store.Build(seed: 1);
        float[] values = Vectors.Normal(1, 3 * Channels);
        Tensor x = backend.ToDevice(values, new Shape(3, 1, 1, Channels)), p = backend.ToDevice(values, x.Shape);

        norm.Prepare(NetworkUse.Evaluation);
        norm.Forward(x, measure: true, p);

        // Mean 0 and variance 1, as they start.
        float[] state = State(backend, store);
        CollectionAssert.AreEqual(new float[] { 0, 0, 0, 0, 0, 1, 1, 1, 1, 1 }, state);
        Assert.IsLessThanOrEqualTo(
            1e-6,
            Vectors.RelativeDifference(
                Array.ConvertAll(values, v => v / Math.Sqrt(1 + 1e-5)), backend.ToHost(p).Widen()));
        Assert.Refuses<InvalidOperationException>(() => norm.Backward(x, p, default, default, p), "'bn.weight'");
        Free(backend, x, p);
    }

    [TestMethod]
    [EveryBackend(TestModel.ResNet, MemoryPolicy.Checkpoint)]
    [EveryBackend(TestModel.RevNet, MemoryPolicy.Checkpoint)]
    [EveryBackend(TestModel.RevNet, MemoryPolicy.Invert)]
    [EveryBackend(TestModel.IResNet, MemoryPolicy.Invert)]
    public void AStepCountsItsBatchOnceUnderEveryPolicy(TestDevice device, string model, MemoryPolicy policy)
    {
        using TestNetwork stored = new(device, TestModel.Get(model), MemoryPolicy.Store);
        using TestNetwork recomputed = new(device, TestModel.Get(model), policy);
        float[] before = Statistics(stored);
        stored.Train(1);
        recomputed.Train(1);
        CollectionAssert.AreEqual(Statistics(stored), Statistics(recomputed));
        CollectionAssert.AreNotEqual(before, Statistics(stored), "nothing was counted");
    }

    [TestMethod]
    [EveryBackend]
    public void AReplayedBlockCountsItsBatchOnce(TestDevice device)
    {
        InversionSettings impossible = new() { Tolerance = 1e-7, HardLimit = 1e-7, MaximumEvaluations = 1 };
        TestModel model = TestModel.Get(TestModel.IResNet);
        using TestNetwork kept = new(device, model, MemoryPolicy.Checkpoint);
        using TestNetwork refused = new(device, model, inversion: impossible);
        kept.Train(1);
        refused.Train(1);
        Assert.AreEqual(refused.Net.Blocks.Count, refused.Engine.Replays);
        CollectionAssert.AreEqual(Statistics(kept), Statistics(refused));
    }

    /// <summary>
    /// An asynchronous device does a whole step again when the plan's inversions are refused; its
    /// forward pass has counted already.
    /// </summary>
    [TestMethod]
    public void AStepThatIsDoneAgainCountsItsBatchOnce()
    {
        TestDevice cuda = TestDevice.All.Single(device => device.ToString() == "cuda");
        TestModel model = TestModel.Get(TestModel.IResNet);
        using TestNetwork kept = new(cuda, model, MemoryPolicy.Checkpoint), refused = new(cuda, model);
        refused.Train(1);
        kept.CopyFrom(refused);
        int[] tooFew = [.. refused.Net.Blocks.Select(_ => 1)];
        refused.Engine.Inverter.Plan.Restore(new EvaluationPlanState(tooFew, tooFew, Steps: 0));
        kept.Train(1);
        refused.Train(1);
        Assert.AreEqual(1, refused.Engine.Replays);
        CollectionAssert.AreEqual(Statistics(kept), Statistics(refused));
    }

    [TestMethod]
    [EveryModel(TestModel.ResNet, TestModel.RevNet)]
    public void APredictionDoesNotDependOnTheRestOfItsBatch(TestDevice device, string model)
    {
        using TestNetwork network = new(device, TestModel.Get(model), MemoryPolicy.Store);
        network.Train(3);
        float[] state = network.TrainingState(), pixels = network.Data(0).Pixels;
        float[] together = network.Net.Predict(pixels);
        float[] alone = network.Net.Predict(pixels.AsSpan(0, (int)network.Net.Sample.Count));
        // Another batch is another convolution plan, which may add in another order.
        Assert.IsLessThanOrEqualTo(
            1e-5, Vectors.RelativeDifference(together.AsSpan(0, TestModel.Classes).ToArray(), alone));
        CollectionAssert.AreEqual(state, network.TrainingState(), "a prediction changed the state");
    }

    private static float[] Statistics(TestNetwork network) =>
        [.. network.Net.Parameters.State.Where(state => state.Name.Contains(".running_")).SelectMany(
            state => network.Backend.ToHost(state.Value))];

    private static float[] State(Backend backend, ParameterStore store) =>
        [.. store.State.SelectMany(state => backend.ToHost(state.Value))];

    private static void Free(Backend backend, params Tensor[] tensors) => Array.ForEach(tensors, backend.Memory.Free);
}
