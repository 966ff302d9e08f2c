using RevUp.Benchmarks.GpuModel;

namespace RevUp.Tests.Benchmarks;

/// <summary>
/// The model of a step on a GPU against the stand-in for one, which counts what it is given.
/// </summary>
[TestClass]
public sealed class StepModelTests : FolderTest
{
    [TestMethod]
    [DataRow(TestModel.Squeeze, MemoryPolicy.Store, BranchPrecision.Float32)]
    [DataRow(TestModel.Squeeze, MemoryPolicy.Invert, BranchPrecision.BFloat16)]
    [DataRow(TestModel.Strided, MemoryPolicy.Checkpoint, BranchPrecision.BFloat16)]
    [DataRow(TestModel.ImageNet, MemoryPolicy.Invert, BranchPrecision.BFloat16)]
    [DataRow(TestModel.ImageNet, MemoryPolicy.Invert, BranchPrecision.Tf32)]
    [DataRow(TestModel.ResNet, MemoryPolicy.Store, BranchPrecision.Float32)]
    [DataRow(TestModel.Mixing, MemoryPolicy.Invert, BranchPrecision.Float32)]
    [DataRow(TestModel.Affine, MemoryPolicy.Invert, BranchPrecision.Float32)]
    public void EveryLaunchOfAStepIsCounted(string name, MemoryPolicy policy, BranchPrecision precision) =>
        CheckLaunches(TestDevice.All[1], (_, _) => false, name, policy, precision);

    [TestMethod]
    [DataRow(TestModel.ImageNet, MemoryPolicy.Store, BranchPrecision.BFloat16)]
    [DataRow(TestModel.ImageNet, MemoryPolicy.Checkpoint, BranchPrecision.BFloat16)]
    [DataRow(TestModel.ImageNet, MemoryPolicy.Invert, BranchPrecision.BFloat16)]
    [DataRow(TestModel.ImageNet, MemoryPolicy.Invert, BranchPrecision.Tf32)]
    public void EveryLaunchOfFusedConvolutionsIsCounted(string name, MemoryPolicy policy, BranchPrecision precision) =>
        CheckLaunches(TestDevice.Fused, (_, _) => true, name, policy, precision);

    private static void CheckLaunches(
        TestDevice device, Func<ConvolutionGeometry, ConvolutionFusion, bool> fuses, string name, MemoryPolicy policy,
        BranchPrecision precision)
    {
        TestModel model = TestModel.Get(name);
        model = model with { Settings = model.Settings with { Precision = precision } };
        InversionSettings inversion = new() { Tolerance = 1.0 / (1 << 8) };
        using TestNetwork network = new(device, model, policy, inversion);
        network.DrawZeroConvolutions();
        network.Step.Count = network.Net.Settings.Lipschitz.StartSteps;
        network.Train(3);
        int[] evaluations = [.. network.Engine.Inverter.Plan.Evaluations];
        (float[] pixels, float[] targets) = network.Data(network.Step.Count);
        long submissions = CudaCounters.Submissions;
        network.Step.Stage(pixels, targets);
        network.Step.Start(1);
        network.Step.Finish();
        submissions = CudaCounters.Submissions - submissions;

        TrainingSettings training = new() { BatchSize = TestNetwork.Batch, Optimizer = new() { LearningRate = 0.1 } };
        CostCounter cost = StepModel.Predict(
            model.Settings, model.Sample, TestModel.Classes, training, new MemoryPlan { Policy = policy },
            block => evaluations[block], GpuRates.H200, fuses);
        Assert.AreEqual(submissions, cost.Total.Launches, string.Join(", ", evaluations));
    }

    /// <summary>A convolution's operations, bytes and time follow from its geometry.</summary>
    [TestMethod]
    public void TheStemOfAnImageNetNetworkIsItsProducts()
    {
        ModelSettings model = TestModel.Get(TestModel.ImageNet).Settings with { Precision = BranchPrecision.Tf32 };
        Shape sample = new(1, 32, 32, 3);
        CostCounter cost = StepModel.Predict(
            model, sample, classes: 5, new TrainingSettings { BatchSize = 4 },
            new MemoryPlan { Policy = MemoryPolicy.Store }, _ => 0, GpuRates.H200);
        // fprop and wgrad of 7×7 from 3 to 64 channels at 16×16 positions.
        PartCost stem = cost.Parts["stem, convolution"];
        Assert.AreEqual(2 * 2.0 * 4 * 16 * 16 * 64 * 3 * 49, stem.Operations);
        Assert.AreEqual(2 * 4.0 * (4 * 32 * 32 * 3 + 4 * 16 * 16 * 64 + 64 * 3 * 49), stem.Bytes);
        Assert.AreEqual(2, stem.Launches);
        Assert.IsGreaterThanOrEqualTo(2 * GpuRates.H200.Launch, stem.Seconds);
    }

    /// <summary>
    /// A transition, and the stem's pool, do one pass over their elements forward and one backward:
    /// what the layers beside them take is written in it.
    /// </summary>
    [TestMethod]
    [DataRow(MemoryPolicy.Store)]
    [DataRow(MemoryPolicy.Checkpoint)]
    public void TransitionsAndTheStemAreOnePassEachWay(MemoryPolicy policy)
    {
        TestModel model = TestModel.Get(TestModel.ImageNet);
        CostCounter cost = StepModel.Predict(
            model.Settings with { Precision = BranchPrecision.BFloat16 }, model.Sample, TestModel.Classes,
            new TrainingSettings { BatchSize = 4 }, new MemoryPlan { Policy = policy }, _ => 0, GpuRates.H200);
        Assert.AreEqual(2, cost.Parts["transitions, pointwise"].Launches);
        Assert.AreEqual(2, cost.Parts["stem, pointwise"].Launches);
    }

    [TestMethod]
    public void FewerBytesAndFasterArithmeticTakeLessTime()
    {
        Recipe recipe = Checkout("imagenet-revup-50");
        double Seconds(BranchPrecision precision, MemoryPolicy policy) => StepModel.Predict(
            recipe with { Model = recipe.Model with { Precision = precision } }, policy, evaluations: 2, GpuRates.H200)
            .Total.Seconds;
        double narrow = Seconds(BranchPrecision.BFloat16, MemoryPolicy.Invert);
        Assert.IsLessThan(Seconds(BranchPrecision.Tf32, MemoryPolicy.Invert), narrow);
        Assert.IsLessThan(narrow, Seconds(BranchPrecision.BFloat16, MemoryPolicy.Store));
        Assert.IsLessThan(
            Seconds(BranchPrecision.Float32, MemoryPolicy.Store), Seconds(BranchPrecision.Tf32, MemoryPolicy.Store));

        static Recipe Checkout(string name)
        {
            Recipe recipe = RecipeCatalog.Load(name, ["training.batchSize=8"]);
            return recipe with { Data = recipe.Data with { Dataset = DatasetKind.Synthetic } };
        }
    }

    [TestMethod]
    public void TheStudyNamesItsAssumptionsAndIsNoMeasurement()
    {
        (int status, string error) = StudyProcess.Run(
            "gpu-model", Folder["."], "--recipe", "volume-64", "--size", "16", "--policies", "invert", "--gpu", "A100",
            "--copy", "1700", "--matrix", "220,110,19");
        Assert.AreEqual(0, status, error);
        string report = File.ReadAllText(Folder["gpu-model.md"]);
        Assert.Contains("A prediction from assumed rates, and no measurement.", report);
        Assert.Contains("A100: a copy moves 1700 GB/s;", report);
        Assert.Contains("| bfloat16, TF32 elsewhere; invert |", report);
        Assert.Contains("| inversion, convolution |", report);
    }
}
