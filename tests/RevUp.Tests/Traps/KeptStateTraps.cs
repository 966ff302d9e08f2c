namespace RevUp.Tests.Traps;

/// <summary>State that must be kept: on disk between runs, in memory between the passes.</summary>
[TestClass]
public sealed class KeptStateTraps : FolderTest
{
    /// <summary>
    /// Without u, v and σ in the checkpoint a resumed run drifts away, and nothing tells.
    /// </summary>
    [TestMethod]
    [EveryModel(TestModel.Squeeze, TestModel.Volume)]
    public void Trap08_PowerIterationIsPartOfTheCheckpoint(TestDevice device, string model)
    {
        Recipe recipe = new() { Model = TestModel.Get(model).Settings };
        using TestNetwork trained = TestNetwork.Trained(device, model);
        using TestNetwork resumed = new(device, TestModel.Get(model)), forgetful = new(device, TestModel.Get(model));
        foreach (InvertibleBlock block in trained.Net.Blocks)
        {
            string[] expected = ["conv1.u", "conv1.v", "conv2.u", "conv2.v", "sigma"];
            CollectionAssert.IsSubsetOf(
                expected.Select(name => $"{block.Name}.{name}").ToArray(),
                trained.Net.Parameters.State.Select(s => s.Name).ToArray());
        }
        double[] zeros = new double[trained.Net.Sample.Channels], ones = [.. zeros.Select(_ => 1.0)];
        string[] classes = [.. Enumerable.Range(0, trained.Net.Classes).Select(i => $"{i}")];
        Checkpoint.Write(
            Folder.Path, recipe, trained.Net, trained.Step, new ChannelNormalization(zeros, ones), classes);
        Checkpoint.Restore(Folder.Path, recipe, resumed.Net, resumed.Step);
        CollectionAssert.AreEqual(trained.TrainingState(), resumed.TrainingState());
        float[][] drawn = [.. forgetful.Net.Parameters.State.Select(state => forgetful.Backend.ToHost(state.Value))];
        Checkpoint.Restore(Folder.Path, recipe, forgetful.Net, forgetful.Step);
        for (int i = 0; i < drawn.Length; i++)
        {
            forgetful.Backend.Upload<float>(drawn[i], forgetful.Net.Parameters.State[i].Value);
        }
        trained.Train(3);
        resumed.Train(3);
        forgetful.Train(3);
        CollectionAssert.AreEqual(trained.TrainingState(), resumed.TrainingState());
        CollectionAssert.AreNotEqual(
            trained.TrainingState(), forgetful.TrainingState(), "the vectors make no difference");
    }

    /// <summary>
    /// Layers without inverse keep their input whatever the plan says; those with an exact one
    /// never do.
    /// </summary>
    [TestMethod]
    [EveryModel(TestModel.ImageNet, TestModel.Strided, TestModel.StridedVolume, TestModel.Volume, TestModel.Pooled)]
    public void Trap09_LayersWithoutInverseKeepTheirInput(TestDevice device, string model)
    {
        using TestNetwork network = new(device, TestModel.Get(model));
        MemoryPlan invert = new();
        MemoryPlan checkpoint = new() { Policy = MemoryPolicy.Checkpoint };
        MemoryPlan compress = new() { Policy = MemoryPolicy.Compress };
        foreach (Layer layer in network.Net.Layers)
        {
            bool invertible = layer is InvertibleBlock or Squeeze or ChannelPad;
            Assert.AreEqual(invertible, layer.IsInvertible, layer.Name);
            Assert.AreEqual(invertible ? MemoryPolicy.Invert : MemoryPolicy.Store, invert.For(layer), layer.Name);
            Assert.AreEqual(
                layer is Squeeze or ChannelPad ? MemoryPolicy.Invert : MemoryPolicy.Checkpoint,
                checkpoint.For(layer),
                layer.Name);
            Assert.AreEqual(
                layer is InvertibleBlock ? MemoryPolicy.Compress : invert.For(layer), compress.For(layer), layer.Name);
        }
        foreach (Layer layer in network.Net.Layers.Where(layer => !layer.IsInvertible))
        {
            SavedTensors none = default;
            Assert.Refuses<InvalidOperationException>(
                () => layer.Inverse(default, ref none, out _), $"'{layer.Name}' is not invertible");
        }
    }

    /// <summary>
    /// The peak lies in the backward pass, not after the forward pass. The arena counts it by
    /// purpose.
    /// </summary>
    [TestMethod]
    [EveryBackend(MemoryPolicy.Invert)]
    [EveryBackend(MemoryPolicy.Checkpoint)]
    [EveryBackend(MemoryPolicy.Store)]
    public void Trap10_ThePeakIsThatOfTheWholeStepByPurpose(TestDevice device, MemoryPolicy policy)
    {
        using TestNetwork network = new(device, TestModel.Get(TestModel.Chain), policy);
        network.DrawZeroConvolutions();
        network.Train(1);
        Arena memory = network.Backend.Memory;
        MemoryUse between = memory.Use;
        memory.ResetPeaks();
        long seen = 0;
        network.Engine.InputObserver = (_, _) => seen = Math.Max(seen, memory.Use[MemoryPurpose.Activations]);
        network.Train(1);
        MemoryUse peak = memory.Peak;
        Assert.IsGreaterThan(
            seen,
            peak[MemoryPurpose.Activations],
            "the backward pass through a block takes more than what is there before it");
        (float[] pixels, _) = network.Data(0);
        Tensor input = network.Backend.ToDevice(
            pixels, network.Net.Sample.WithBatch(pixels.Length / (int)network.Net.Sample.Count));
        Tensor logits = network.Engine.Forward(input);
        Assert.IsGreaterThan(
            memory.Use[MemoryPurpose.Activations],
            peak[MemoryPurpose.Activations],
            "the peak is not what is live after the forward pass");
        network.Engine.Backward(logits);
        memory.Free(input);

        long values = network.Net.Parameters.Values.Bytes;
        Assert.AreEqual(Lines(values), peak[MemoryPurpose.Parameters]);
        Assert.AreEqual(Lines(values), peak[MemoryPurpose.Gradients]);
        long state = network.Net.Parameters.State.Sum(
            s => Lines(s.Value.Bytes)) + network.Step.Optimizer.Moments.Sum(m => Lines(m.Bytes));
        Assert.AreEqual(state, peak[MemoryPurpose.Optimizer]);
        Assert.AreEqual(0, between[MemoryPurpose.Activations], "activations are live between two steps");
        Assert.IsGreaterThan(0, peak[MemoryPurpose.Workspace]);
        long fixedBytes = 2 * Lines(values) + state;
        Assert.IsInRange(
            fixedBytes + peak[MemoryPurpose.Activations] + between[MemoryPurpose.Workspace],
            peak.Total,
            memory.TotalPeak);

        static long Lines(long bytes) => (bytes + Arena.Alignment - 1) / Arena.Alignment * Arena.Alignment;
    }
}
