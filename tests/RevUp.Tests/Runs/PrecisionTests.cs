using System.Text.Json.Nodes;

namespace RevUp.Tests.Runs;

/// <summary>
/// The precision "auto": the device's choice, written down, and kept by whatever is resumed.
/// </summary>
[TestClass]
public sealed class PrecisionTests : FolderTest
{
    private static readonly Recipe s_auto = SmallRecipe.Create("model.precision=auto");

    [TestMethod]
    [EveryBackend]
    public void AutoIsWhatTheDeviceComputesFaster(TestDevice device)
    {
        using Backend backend = device.Open();
        TestModel model = TestModel.Get(TestModel.Squeeze);
        ModelSettings settings = model.Settings with { Precision = BranchPrecision.Auto };
        using RevUpNet net = new(backend, settings, model.Sample, TestModel.Classes, seed: 1);
        bool fast = backend.Accelerates(ElementType.BFloat16);
        Assert.AreEqual(fast ? BranchPrecision.BFloat16 : BranchPrecision.Float32, net.Settings.Precision);
        Assert.IsTrue(net.Settings.Precision.IsOf(backend));
        Assert.IsFalse(backend.Accelerates(ElementType.Float32));
    }

    [TestMethod]
    [EveryBackend]
    public void ARunWritesDownWhatAutoMeant(TestDevice device)
    {
        string precision = Train(device, s_auto, Folder["run"], stopAfter: 3).Text();
        foreach (string file in (string[])[TrainingRun.RecipeFileName, RunRecord.FileName])
        {
            JsonNode json = JsonNode.Parse(File.ReadAllText(Path.Combine(Folder["run"], file)))!;
            Assert.AreEqual(precision, (string?)(json["model"] ?? json)["precision"], file);
        }
        Assert.AreEqual(BranchPrecision.Float32, SmallRecipe.Create().Model.Precision, "the default");
    }

    /// <summary>
    /// TF32 is arithmetic of a GPU; a network that was trained in it predicts anywhere.
    /// </summary>
    [TestMethod]
    public void Tf32IsRefusedWhereNothingRoundsToIt()
    {
        (TestDevice cpu, TestDevice cuda) = (TestDevice.All[0], TestDevice.All[1]);
        Recipe recipe = SmallRecipe.Create("model.precision=tf32");
        string refusal = Assert.ThrowsExactly<ConfigurationException>(() => Train(cpu, recipe, Folder["cpu"])).Message;
        Assert.Contains("model.precision is 'tf32', which the device 'cpu' (", refusal);
        Assert.AreEqual(BranchPrecision.Tf32, Train(cuda, recipe, Folder["run"]));
        using Backend backend = cpu.Open();
        using LoadedCheckpoint loaded = Checkpoint.Load(backend, Folder["run"]);
        Assert.AreEqual(BranchPrecision.Float32, loaded.Network.Settings.Precision);
    }

    /// <summary>
    /// Every convolution of a network rounds its factors to TF32 or none does; a rotation of
    /// channels never does.
    /// </summary>
    [TestMethod]
    public void Tf32IsForTheWholeNetwork()
    {
        using TestNetwork exact = TestNetwork.Trained(TestDevice.All[1], TestModel.ImageNet);
        TestModel model = TestModel.Get(TestModel.ImageNet);
        using TestNetwork rounded = new(
            TestDevice.All[1], model with { Settings = model.Settings with { Precision = BranchPrecision.Tf32 } });
        rounded.CopyFrom(exact);
        exact.Prepare();
        rounded.Prepare();
        float[] gradients = exact.Gradients(MemoryPolicy.Store);
        float[] stored = rounded.Gradients(MemoryPolicy.Store);
        CollectionAssert.AreNotEqual(gradients, stored);
        // Two factors of every convolution, forward and backward.
        int convolutions = 3 * rounded.Net.Blocks.Count + 2;
        double allowed = 4 * convolutions / (double)(1 << 11);
        Assert.IsLessThanOrEqualTo(allowed, Vectors.RelativeDifference(gradients, stored));
        float[] inverted = rounded.Gradients(MemoryPolicy.Invert);
        Assert.IsLessThanOrEqualTo(1e-4, Vectors.RelativeDifference(stored, inverted));
        Assert.AreEqual(0, rounded.Engine.Replays);
    }

    /// <summary>
    /// The stand-in for a GPU computes in bfloat16, the processor does or does not: arithmetic
    /// never changes in silence.
    /// </summary>
    [TestMethod]
    public void AutoIsResumedInTheArithmeticOfTheCheckpoint()
    {
        (TestDevice cpu, TestDevice cuda) = (TestDevice.All[0], TestDevice.All[1]);
        Recipe single = SmallRecipe.Create("model.precision=float32");
        Train(cpu, single, Folder["float32"], stopAfter: 3);
        Assert.AreEqual(BranchPrecision.Float32, Train(cuda, s_auto, Folder["float32"], resume: true));

        Assert.AreEqual(BranchPrecision.BFloat16, Train(cuda, s_auto, Folder["bfloat16"], stopAfter: 3));
        if (cpu.Lacks(ElementType.BFloat16))
        {
            string refusal = Assert.ThrowsExactly<CheckpointException>(
                () => Train(cpu, s_auto, Folder["bfloat16"], resume: true)).Message;
            Assert.Contains("the run was started in bfloat16, which the device cpu (", refusal);
        }
        else
        {
            Assert.AreEqual(BranchPrecision.BFloat16, Train(cpu, s_auto, Folder["bfloat16"], resume: true));
        }
    }

    [TestMethod]
    public void AnotherPrecisionThanTheCheckpointsIsRefused()
    {
        Train(TestDevice.All[1], s_auto, Folder["run"], stopAfter: 3);
        Recipe single = SmallRecipe.Create("model.precision=float32");
        string refusal = Assert.ThrowsExactly<CheckpointException>(
            () => Train(TestDevice.All[0], single, Folder["run"], resume: true)).Message;
        Assert.Contains("started with model.precision = bfloat16 and cannot be resumed with float32", refusal);
    }

    /// <summary>
    /// Weights are float32 whatever the branches compute in: a processor without bfloat16 predicts
    /// with them.
    /// </summary>
    [TestMethod]
    [EveryBackend]
    public void ANetworkTrainedInBFloat16IsUsedOnEveryDevice(TestDevice device)
    {
        Train(TestDevice.All[1], s_auto, Folder["run"]);
        using Backend backend = device.Open();
        using LoadedCheckpoint loaded = Checkpoint.Load(backend, Folder["run"]);
        BranchPrecision expected =
            device.Lacks(ElementType.BFloat16) ? BranchPrecision.Float32 : BranchPrecision.BFloat16;
        Assert.AreEqual(
            (BranchPrecision.BFloat16, expected), (loaded.Recipe.Model.Precision, loaded.Network.Settings.Precision));
        Assert.AreEqual(1, loaded.Network.Predict(Vectors.Normal(1, 64)).Sum(), 1e-5f);
    }

    private static BranchPrecision Train(
        TestDevice device, Recipe recipe, string folder, long stopAfter = 0, bool resume = false)
    {
        using Backend backend = device.Open();
        using TrainingRun run = new(backend, recipe, folder, resume);
        using CancellationTokenSource stop = new();
        run.Run(
            progress =>
            {
                if (progress.Step == stopAfter)
                {
                    stop.Cancel();
                }
            },
            stop.Token);
        return run.Network.Settings.Precision;
    }
}
