namespace RevUp.Tests.Training;

/// <summary>
/// A network with frozen layers is the network whose lower layers do not change, for less memory.
/// </summary>
[TestClass]
public sealed class FrozenLayerTests : FolderTest
{
    private static readonly TestDevice s_cpu = TestDevice.All[0];

    /// <summary>
    /// The same weights and norms: what is trained has the gradients that it has in the whole
    /// network, to the bit. Behind a compressed stream, whose codes begin elsewhere, it has no
    /// larger error.
    /// </summary>
    [TestMethod]
    [DataRow(TestModel.Squeeze, "body")]
    [DataRow(TestModel.Squeeze, "stages.0")]
    [DataRow(TestModel.Strided, "stages.0")]
    [DataRow(TestModel.Chain, "stages.0.blocks.1")]
    [DataRow(TestModel.Leading, "stem")]
    [DataRow(TestModel.StridedVolume, "stages.1.down")]
    [DataRow(TestModel.FixupRevNet, "stages.1.blocks.0")]
    [DataRow(TestModel.MixingVolume, "stages.0")]
    public void GradientsAreThoseOfTheWholeNetwork(string model, string freeze) =>
        AssertSameGradients(s_cpu, model, freeze);

    [TestMethod]
    [EveryBackend]
    public void TheSameOnEveryDevice(TestDevice device) =>
        AssertSameGradients(device, TestModel.Chain, "stages.0.blocks.0");

    [TestMethod]
    [DataRow("picture", "stem")]
    [DataRow("picture", "stages.1.down")]
    [DataRow("picture", "stages.2")]
    [DataRow("volume", "stages.0.up")]
    [DataRow("free", "stages.0.blocks")]
    public void AUNetHasTheGradientsOfTheWholeNetwork(string model, string freeze)
    {
        using TestUNet whole = new(s_cpu, TestUNet.Get(model));
        using TestUNet part = new(s_cpu, TestUNet.Get(model), trained: new() { Freeze = freeze });
        Share(whole.Net, part.Net, batch: 2);
        foreach (MemoryPolicy policy in MemoryPlan.Uniform.Where(policy => policy != MemoryPolicy.Compress))
        {
            whole.Gradients(policy);
            part.Gradients(policy);
            AssertSame(whole.Net, part.Net, $"{policy}");
        }
    }

    /// <summary>
    /// Weights so small that no bound acts, so that no norm has a part in the result.
    /// </summary>
    [TestMethod]
    [DataRow(TestModel.Chain, "stages.0.blocks.1", MemoryPolicy.Invert)]
    [DataRow(TestModel.Squeeze, "stages.0", MemoryPolicy.Store)]
    [DataRow(TestModel.FixupResNet, "body", MemoryPolicy.Checkpoint)]
    [DataRow(TestModel.FixupRevNet, "stages.0", MemoryPolicy.Invert)]
    public void ARunEndsAsOneWithFactorsOfZero(string model, string freeze, MemoryPolicy policy)
    {
        using TestNetwork frozen = new(s_cpu, TestModel.Get(model), policy, trained: new() { Freeze = freeze });
        string[] names = [.. frozen.Net.Layers.Take(frozen.Net.Frozen).Select(layer => layer.Name)];
        TrainedLayers still = new() { Rates = names.ToDictionary(name => name, _ => 0.0) };
        using TestNetwork twin = new(s_cpu, TestModel.Get(model), policy, trained: still);
        DrawSmall(frozen.Net);
        DrawSmall(twin.Net);
        Dictionary<string, float[]> before = Values(twin.Net);
        CollectionAssert.AreEqual(twin.Train(4), frozen.Train(4));
        Dictionary<string, float[]> trained = Values(frozen.Net);
        foreach ((string name, float[] values) in Values(twin.Net))
        {
            CollectionAssert.AreEqual(values, trained[name], name);
            Assert.AreEqual(
                names.Any(layer => name.StartsWith(layer + ".", StringComparison.Ordinal)),
                values.SequenceEqual(before[name]), name);
        }
    }

    [TestMethod]
    public void AFrozenLayerIsAFixedFunction()
    {
        using TestNetwork network = new(
            s_cpu, TestModel.Get(TestModel.ResNet), MemoryPolicy.Store, trained: new() { Freeze = "stages.0" });
        StateTensor[] running = [.. network.Net.Parameters.State.Where(BatchNorm.IsRunning)];
        float[][] before = [.. running.Select(state => network.Backend.ToHost(state.Value))];
        network.Train(3);
        for (int i = 0; i < running.Length; i++)
        {
            bool stays = before[i].SequenceEqual(network.Backend.ToHost(running[i].Value));
            Assert.AreEqual(running[i].IsFrozen, stays, running[i].Name);
        }
    }

    [TestMethod]
    public void WeightsThatWereDrawnAreBoundedToo()
    {
        using TestNetwork network = new(
            s_cpu, TestModel.Get(TestModel.Squeeze), trained: new() { Freeze = "stages.1.blocks.0" });
        network.DrawZeroConvolutions();
        network.Prepare();
        foreach (InvertibleBlock block in network.Net.Blocks.Take(3))
        {
            Assert.IsLessThanOrEqualTo(0.9001, block.Branch.LipschitzBound(), block.Name);
            Assert.IsGreaterThan(0.1, block.Branch.LipschitzBound(), block.Name);
        }
    }

    /// <summary>Gradients, moments and averages of trained layers; no singular vectors.</summary>
    [TestMethod]
    [DataRow(OptimizerKind.Sgd, 0.0, 1)]
    [DataRow(OptimizerKind.AdamW, 0.9, 3)]
    [DataRow(OptimizerKind.Muon, 0.9, 2)]
    public void BytesFallToThoseOfTheTrainedPart(OptimizerKind kind, double decay, int copies)
    {
        using CpuBackend backend = TestRuns.Backend();
        TestModel model = TestModel.Get(TestModel.Strided);
        TrainingSettings settings = new() { Optimizer = new() { Kind = kind, LearningRate = 0.01 }, EmaDecay = decay };
        using RevUpNet net = new(
            backend, model.Settings, model.Sample, TestModel.Classes, seed: 1, trained: new() { Freeze = "body" });
        using TrainingStep step = new(net, settings, new MemoryPlan(), new InversionSettings());
        // Head: 3 × 10 weights and 3 biases, each at a multiple of 64 bytes, then two scalars.
        const long Trained = (32 + 16 + 2) * sizeof(float);
        long gradients = Arena.Rounded(Trained);
        Assert.AreEqual(gradients, backend.Memory.Use[MemoryPurpose.Gradients]);
        long norms = net.Parameters.State.Count(state => !state.Value.IsEmpty) * Arena.Rounded(sizeof(float));
        Assert.AreEqual(norms + copies * gradients, backend.Memory.Use[MemoryPurpose.Optimizer]);
        Assert.AreEqual(3 * 10 + 3 + 2, net.Parameters.TrainedCount);
        Assert.IsGreaterThan(20 * net.Parameters.TrainedCount, net.Parameters.Count);
    }

    /// <summary>
    /// Activations of a frozen body do not grow with its depth; activations of a stored body do.
    /// </summary>
    [TestMethod]
    public void FrozenLayersKeepNoActivations()
    {
        long shallow = Peak(blocks: 2, "body"), deep = Peak(blocks: 8, "body");
        Assert.AreEqual(shallow, deep);
        Assert.IsGreaterThan(4 * deep, Peak(blocks: 8, freeze: null));

        static long Peak(int blocks, string? freeze)
        {
            TestModel chain = TestModel.Get(TestModel.Chain);
            using TestNetwork network = new(
                s_cpu, chain with { Settings = chain.Settings.WithBlocks(blocks) }, MemoryPolicy.Store,
                trained: new() { Freeze = freeze });
            network.Train(1);
            network.Backend.Memory.ResetPeaks();
            network.Train(1);
            return network.Backend.Memory.Peak[MemoryPurpose.Activations];
        }
    }

    [TestMethod]
    [DataRow("stage.0", "no layer has this name; use one of stem, stages.0, stages.1, head, body")]
    [DataRow("head", "includes the head, and nothing would be trained; use 'body'")]
    [DataRow("", "training.freeze is empty")]
    public void ANameThatFitsNothingIsRefused(string freeze, string message) =>
        Assert.Contains(message, Assert.ThrowsExactly<ConfigurationException>(() => new TestNetwork(
            s_cpu, TestModel.Get(TestModel.Strided), trained: new() { Freeze = freeze })).Message);

    private void AssertSameGradients(TestDevice device, string model, string freeze)
    {
        using TestNetwork whole = new(device, TestModel.Get(model));
        using TestNetwork part = new(device, TestModel.Get(model), trained: new() { Freeze = freeze });
        whole.DrawZeroConvolutions();
        whole.Prepare();
        Share(whole.Net, part.Net, TestNetwork.Batch);
        Dictionary<string, float[]> stored = [];
        foreach (MemoryPolicy policy in MemoryPlan.Uniform.Where(p => PolicyRules.IsPossible(p, whole.Net.Settings)))
        {
            int live = part.Backend.Memory.LiveCount;
            whole.Gradients(policy);
            part.Gradients(policy);
            Assert.AreEqual(live, part.Backend.Memory.LiveCount, $"{policy} left memory behind");
            if (policy != MemoryPolicy.Compress)
            {
                AssertSame(whole.Net, part.Net, $"{policy}");
                stored = Gradients(part.Net);
                continue;
            }
            double error = Distance(Gradients(part.Net), stored), twin = Distance(Gradients(whole.Net), stored);
            Assert.IsLessThanOrEqualTo(Math.Max(twin, 1e-6) * 2, error, $"{policy}");
        }
    }

    private static double Distance(Dictionary<string, float[]> gradients, Dictionary<string, float[]> stored) =>
        stored.Sum(entry => entry.Value.Zip(gradients[entry.Key], (a, b) => (double)(a - b) * (a - b)).Sum());

    // The same weights, norms and vectors, prepared without a power iteration.
    private void Share(RevUpNet whole, RevUpNet part, int batch)
    {
        whole.SaveWeights(Folder["whole"]);
        LoadReport report = part.LoadWeights(Folder["whole"], new LoadOptions());
        Assert.IsEmpty(report.Estimated);
        foreach (RevUpNet net in (RevUpNet[])[whole, part])
        {
            net.PrepareInference(batch);
            net.ResumeStep(batch);
        }
    }

    private static void AssertSame(RevUpNet whole, RevUpNet part, string what)
    {
        Dictionary<string, float[]> expected = Gradients(whole), found = Gradients(part);
        Assert.IsNotEmpty(found);
        Assert.IsLessThan(expected.Count, found.Count);
        foreach ((string name, float[] gradient) in found)
        {
            CollectionAssert.AreEqual(expected[name], gradient, $"{what}: {name}");
        }
    }

    private static Dictionary<string, float[]> Gradients(RevUpNet net) => net.Parameters.Parameters
        .Where(parameter => !parameter.IsFrozen)
        .ToDictionary(parameter => parameter.Name, parameter => net.Backend.ToHost(parameter.Gradient));

    private static Dictionary<string, float[]> Values(RevUpNet net) => net.Parameters.Parameters
        .ToDictionary(parameter => parameter.Name, parameter => net.Backend.ToHost(parameter.Value));

    private static void DrawSmall(RevUpNet net)
    {
        for (int i = 0; i < net.Parameters.Parameters.Count; i++)
        {
            Parameter parameter = net.Parameters.Parameters[i];
            if (!parameter.Name.EndsWith(".scale", StringComparison.Ordinal))
            {
                net.Backend.Upload<float>(Vectors.Normal(100 + i, parameter.Shape.Count, 0.03), parameter.Value);
            }
        }
        net.Invalidate();
    }
}
