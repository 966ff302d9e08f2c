namespace RevUp.Tests.Models;

/// <summary>The layers of a U-Net, its settings, and its weights at other extents.</summary>
[TestClass]
public sealed class UNetTests
{
    private static readonly ModelSettings s_valid = TestUNet.Picture.Settings;

    private static readonly Dictionary<string, ModelSettings> s_invalid = new()
    {
        ["model.block is 'coupling'"] = s_valid with { Block = BlockKind.Coupling },
        ["model.downsampling is 'squeeze'"] = s_valid with { Downsampling = Downsampling.Squeeze },
        ["model.stem 'convolution', 'whitened' or 'pad' and model.stemStride 1"] =
            s_valid with { Stem = StemKind.ImageNet },
        ["so that every position gets its logits"] = s_valid with { StemStride = 2 },
        ["model.normalization is 'none'"] = s_valid with { Normalization = Normalization.None },
        ["model.normalization is 'batchNorm', and model.task 'segmentation' takes 'fixup' or 'instanceNorm'"] =
            s_valid with { Block = BlockKind.Residual, Normalization = Normalization.BatchNorm },
        ["model.normalization is 'instanceNorm', which has no Lipschitz bound; use 'fixup', or model.block"] =
            s_valid with { Normalization = Normalization.InstanceNorm },
        ["model.lipschitz.mode is 'adaptive', but only model.block 'invertible' needs a bound"] =
            TestUNet.Normalized.Settings with { Lipschitz = new LipschitzSettings { Mode = LipschitzMode.Adaptive } },
        ["model.normalization is 'instanceNorm', which only model.task 'segmentation' has"] =
            TestModel.Get(TestModel.ResNet).Settings with { Normalization = Normalization.InstanceNorm },
        ["model.stages.0.decoderBlocks is -1"] = s_valid with { Stages = [TestUNet.Stage(1, 4, -1), new()] },
        ["model.stages.1.decoderBlocks is 2, and the coarsest stage"] =
            s_valid with { Stages = [new(), TestUNet.Stage(1, 4, 2)] },
        ["model.task 'classification' has no decoder"] = s_valid with { Task = ModelTask.Classification },
        ["model.stages.0.stride is [2, 2], and no transition"] =
            s_valid with { Stages = [new() { Stride = [2, 2] }, new()] },
        ["model.stages.1.stride is [1, 3]; give one number for each axis, 1 to 2"] =
            s_valid with { Stages = [new(), new() { Stride = [1, 3] }] },
        ["model.stages.1.kernel is [1, 4]; give one number for each axis, 1 to 3"] =
            s_valid with { Stages = [new(), new() { Kernel = [1, 4] }] },
        ["model.stages.1.kernel is [3, 3], but only model.downsampling 'strided'"] =
            new()
            {
                Downsampling = Downsampling.Squeeze,
                Stages = [new(), new() { Channels = 64, Kernel = [3, 3] }],
            },
    };

    public static IEnumerable<object[]> Invalid => s_invalid.Keys.Select(part => new object[] { part });

    [TestMethod]
    [DynamicData(nameof(Invalid))]
    public void AnImpossibleUNetIsRefusedByName(string part) =>
        Assert.Contains(part, Assert.ThrowsExactly<ConfigurationException>(s_invalid[part].Validate).Message);

    [TestMethod]
    [EveryBackend]
    public void ExtentsThatCannotBeHalvedNameTheirMultiple(TestDevice device)
    {
        using Backend backend = device.Open();
        Refused(s_valid, new Shape(1, 8, 10, 2), "a sample is [1, 8, 10, 2]", "that are multiples of 4; pad");
        Refused(
            TestUNet.Normalized.Settings, new Shape(1, 4, 4, 2), "a single position at the coarsest of 3 stages",
            "use larger samples or fewer stages");
        Refused(TestUNet.Anisotropic.Settings, new Shape(1, 3, 4, 8, 1), "multiples of [2, 2, 4]; pad");
        Refused(TestUNet.Anisotropic.Settings, new Shape(1, 8, 8, 1), "stride is [1, 2, 2], and samples have 2 axes");
        Refused(
            s_valid with { Stages = [new(), new() { Kernel = [2, 2], Stride = [1, 2] }] }, new Shape(1, 8, 8, 1),
            "its 2 stands where the stride is 1");

        void Refused(ModelSettings settings, Shape sample, params string[] parts)
        {
            string message = Assert.ThrowsExactly<ConfigurationException>(
                () => new RevUpNet(backend, settings, sample, 3, seed: 1)).Message;
            Array.ForEach(parts, part => Assert.Contains(part, message));
            Assert.AreEqual(0, backend.Memory.LiveCount, "a network that could not be built left memory behind");
        }
    }

    [TestMethod]
    [EveryBackend]
    public void LayersFollowTheLevelsDownAndUp(TestDevice device)
    {
        using TestUNet network = new(device, TestUNet.Picture);
        string[] expected =
        [
            "stem", "stages.0.blocks.0", "stages.0.blocks.1", "stages.1.down", "stages.1.blocks.0", "stages.2.down",
            "stages.2.blocks.0", "stages.2.blocks.1", "stages.1.up", "stages.1.decoder.0", "stages.1.decoder.1",
            "stages.0.up", "stages.0.decoder.0", "head",
        ];
        CollectionAssert.AreEqual(expected, network.Net.Layers.Select(layer => layer.Name).ToArray());
        CollectionAssert.AreEqual(
            Enumerable.Range(0, 8).ToArray(), network.Net.Blocks.Select(block => block.Index).ToArray());
        Assert.AreEqual(new Shape(1, 8, 12, TestUNet.Classes), network.Net.Layers[^1].Output);
        Assert.AreEqual(8, s_valid.BlockCount);
        Assert.AreEqual(8, s_valid.BranchCount);
        // Fixup counts all branches: L^(-1/2) of He's deviation, for two convolutions.
        Parameter weight = network.Net.Parameters.Parameters.Single(p => p.Name == "stages.0.decoder.0.conv1.weight");
        Assert.AreEqual(
            Math.Sqrt(2.0 / (9 * 4)) / Math.Sqrt(8), weight.Initialization.StandardDeviation, 1e-12);
    }

    [TestMethod]
    [DataRow(5, "1 1, 1 1, 1")]
    [DataRow(6, "1 1, 1 1, 2")]
    [DataRow(8, "1 1, 2 2, 2")]
    [DataRow(20, "4 4, 4 4, 4")]
    public void BlocksAreSpreadOverStagesAndDecoders(int blocks, string expected)
    {
        ModelSettings settings = s_valid with { Stages = [new(), new(), new()] };
        settings = settings.WithBlocks(blocks);
        string[] stages = [.. settings.Stages.Select(
            (stage, i) => i < 2 ? $"{stage.Blocks} {stage.DecoderBlocks}" : $"{stage.Blocks}")];
        Assert.AreEqual(blocks == 5 ? "1 0, 1 0, 1" : expected, string.Join(", ", stages));
        Assert.AreEqual(blocks, settings.BlockCount);
        Assert.Contains(
            "does not reach for 5 stages and decoders; use at least 5",
            Assert.ThrowsExactly<ConfigurationException>(() => settings.WithBlocks(4)).Message);
    }

    [TestMethod]
    [EveryBackend("picture")]
    [EveryBackend("volume")]
    [EveryBackend("normalized")]
    [EveryBackend("normalized volume")]
    public void InferenceComputesWhatTrainingComputes(TestDevice device, string name)
    {
        using TestUNet network = new(device, TestUNet.Get(name));
        Tensor logits = network.Engine.Forward(network.Input);
        float[] trained = network.Backend.ToHost(logits);
        network.Engine.Backward(logits);
        float[] pixels = network.Backend.ToHost(network.Input);
        CollectionAssert.AreEqual(trained, network.Backend.Take(network.Net.Infer(pixels)));
        float[] probabilities = network.Net.Predict(pixels);
        Assert.HasCount(trained.Length, probabilities);
        for (int i = 0; i < probabilities.Length; i += TestUNet.Classes)
        {
            Assert.AreEqual(1, probabilities.Skip(i).Take(TestUNet.Classes).Sum(p => (double)p), 1e-6);
        }
    }

    /// <summary>
    /// Weights, and the state of the power iterations, do not depend on the extents: a file of one
    /// network fits another.
    /// </summary>
    [TestMethod]
    [EveryBackend("picture")]
    [EveryBackend("volume")]
    [EveryBackend("normalized")]
    [EveryBackend("normalized volume")]
    public void AViewComputesWhatANetworkOfItsExtentsDoes(TestDevice device, string name)
    {
        using TemporaryFolder folder = new();
        using TestUNet network = new(device, TestUNet.Get(name));
        network.Net.SaveWeights(folder["weights"]);
        bool volume = network.Net.Sample.SpatialRank == 3;
        Shape sample = volume ? new Shape(1, 8, 2, 6, 1) : new Shape(1, 16, 4, 2);
        using RevUpNet other = new(network.Backend, network.Net.Settings, sample, TestUNet.Classes, seed: 9);
        other.LoadWeights(folder["weights"]);
        float[] pixels = Vectors.Normal(4, 3 * sample.Count);
        using RevUpNet view = network.Net.At(sample);
        Assert.AreEqual(sample, view.Sample);
        CollectionAssert.AreEqual(other.Predict(pixels), view.Predict(pixels));
        view.SaveWeights(folder["view"]);
        CollectionAssert.AreEqual(File.ReadAllBytes(folder["weights"]), File.ReadAllBytes(folder["view"]));
    }

    /// <summary>
    /// Statistics of instance normalisation are one sample's, in a batch of any number.
    /// </summary>
    [TestMethod]
    [EveryBackend("normalized")]
    [EveryBackend("normalized volume")]
    public void ASampleDoesNotSeeTheOthers(TestDevice device, string name)
    {
        using TestUNet network = new(device, TestUNet.Get(name), batch: 3);
        float[] pixels = network.Backend.ToHost(network.Input);
        float[] together = network.Net.Predict(pixels);
        float[] alone = [.. pixels.Chunk(pixels.Length / 3).SelectMany(sample => network.Net.Predict(sample))];
        Assert.IsLessThanOrEqualTo(1e-6, Vectors.RelativeDifference(alone.Widen(), together.Widen()));
    }

    [TestMethod]
    [EveryBackend]
    public void AViewSeesWhatTrainingChanges(TestDevice device)
    {
        using TestUNet network = new(device, TestUNet.Picture);
        using RevUpNet view = network.Net.At(network.Net.Sample);
        float[] pixels = network.Backend.ToHost(network.Input);
        float[] before = view.Predict(pixels);
        CollectionAssert.AreEqual(network.Net.Predict(pixels), before);
        // A step: prepared, differentiated, updated.
        network.Net.PrepareStep(2, step: 1);
        network.Gradients(MemoryPolicy.Store);
        Update();
        network.Net.Invalidate();
        float[] after = view.Predict(pixels);
        CollectionAssert.AreNotEqual(before, after);
        CollectionAssert.AreEqual(network.Net.Predict(pixels), after);
        // A view invalidates its owner as well.
        Update();
        view.Invalidate();
        CollectionAssert.AreEqual(view.Predict(pixels), network.Net.Predict(pixels));
        CollectionAssert.AreNotEqual(after, view.Predict(pixels));

        void Update()
        {
            ParameterStore store = network.Net.Parameters;
            IEnumerable<float> updated = network.Backend.ToHost(store.Values).Zip(
                network.Backend.ToHost(store.Gradients), (value, gradient) => value - (1e-4f * gradient));
            network.Backend.Upload<float>([.. updated], store.Values);
        }
    }

    [TestMethod]
    [EveryBackend]
    public void AViewThatCannotBeIsRefused(TestDevice device)
    {
        using TestUNet network = new(device, TestUNet.Picture);
        int live = network.Backend.Memory.LiveCount;
        Assert.Contains("multiples of 4", Assert.ThrowsExactly<ConfigurationException>(
            () => network.Net.At(new Shape(1, 8, 6, 2))).Message);
        Assert.Contains("other axes or channels than the network's", Assert.ThrowsExactly<ArgumentException>(
            () => network.Net.At(new Shape(1, 8, 8, 3))).Message);
        using RevUpNet view = network.Net.At(new Shape(1, 8, 8, 2));
        Assert.Contains("is a view for inference", Assert.ThrowsExactly<InvalidOperationException>(
            () => view.PrepareStep(1, 0)).Message);
        view.Dispose();
        Assert.AreEqual(live, network.Backend.Memory.LiveCount);
        TestModel chain = TestModel.Get(TestModel.Chain);
        using RevUpNet classifier = new(network.Backend, chain.Settings, chain.Sample, TestUNet.Classes, seed: 1);
        Assert.Contains("model.task is 'classification'", Assert.ThrowsExactly<ConfigurationException>(
            () => classifier.At(chain.Sample)).Message);
    }

    /// <summary>A skip that inference left behind would be joined by the next one.</summary>
    [TestMethod]
    [EveryBackend]
    public void AUNetThatRanOutOfMemoryWorksAgain(TestDevice device)
    {
        using TestUNet network = new(device, TestUNet.Picture);
        Arena memory = network.Backend.Memory;
        float[] pixels = network.Backend.ToHost(network.Input);
        float[] before = network.Net.Predict(pixels);
        int live = memory.LiveCount, failures = 0;
        for (long room = 1 << 10; ; room += 1 << 10)
        {
            List<Tensor> fillers = Fill(memory, room);
            try
            {
                float[] after = network.Net.Predict(pixels);
                fillers.ForEach(memory.Free);
                CollectionAssert.AreEqual(before, after);
                break;
            }
            catch (ArenaExhaustedException)
            {
                failures++;
                fillers.ForEach(memory.Free);
                Assert.AreEqual(live, memory.LiveCount);
            }
        }
        Assert.IsGreaterThan(3, failures);
        Assert.AreEqual(live, memory.LiveCount);
    }

    // Leaves one hole of some bytes.
    private static List<Tensor> Fill(Arena memory, long room)
    {
        Tensor hole = memory.AllocateBytes(room, MemoryPurpose.Workspace);
        List<Tensor> fillers = [];
        for (long size = memory.Capacity; size >= Arena.Alignment; size /= 2)
        {
            try
            {
                fillers.Add(memory.AllocateBytes(size, MemoryPurpose.Workspace));
                size *= 2;
            }
            catch (ArenaExhaustedException)
            {
                // Half of it may fit.
            }
        }
        memory.Free(hole);
        return fillers;
    }
}
