namespace RevUp.Tests.Reversible;

/// <summary>
/// Coefficients that follow their inversions: they pass 1 where blocks still have an inverse, and
/// come back where they have none.
/// </summary>
[TestClass]
public sealed class AdaptiveTrainingTests : FolderTest
{
    private static readonly InversionSettings s_usual = new();
    private static readonly TestDevice s_cuda = TestDevice.All.Single(device => device.ToString() == "cuda");

    /// <summary>
    /// Above 1 nothing but the measured contraction proves an inverse. That it is the
    /// right one, the gradients with stored inputs say.
    /// </summary>
    [TestMethod]
    [EveryBackend]
    public void CoefficientsPassOneAndBlocksAreInvertedToTheirToleranceAlsoOnOtherData(TestDevice device)
    {
        const int Steps = 16;
        using TestNetwork network = new(device, TestModel.Get(TestModel.Adaptive), inversion: s_usual);
        network.DrawZeroConvolutions();
        double[] losses = network.Train(Steps);
        Assert.IsLessThan(losses[0], losses[^1]);
        AdaptiveCoefficients coefficients = network.Net.Coefficients!;
        network.Net.PrepareInference(network.Data(0).Targets.Length / TestModel.Classes);
        foreach (InvertibleBlock block in network.Net.Blocks)
        {
            Assert.IsGreaterThan(1, block.Branch.LipschitzBound(), $"{block.Name} does not use what it was given");
            Assert.AreEqual(coefficients.Values[block.Index], block.Branch.LipschitzLimit);
        }
        // The batch of step 0 again, normalised alike but long forgotten.
        float[] stored = network.Gradients(new MemoryPlan { Policy = MemoryPolicy.Store }, s_usual);
        float[] inverted = network.Gradients(new MemoryPlan(), s_usual);
        foreach (InversionRecord record in network.Engine.Records)
        {
            Assert.IsTrue(
                record is { Converged: true, Replayed: false, Evaluations: > 1, Contraction: < 1 }, $"{record}");
        }
        // The default tolerance leaves a few percent of the gradient (results/gradients.md).
        Assert.IsLessThanOrEqualTo(0.1, Vectors.RelativeDifference(stored, inverted));
        Assert.IsLessThanOrEqualTo(1e-3, Vectors.RelativeDifference(stored, network.Gradients(MemoryPolicy.Invert)));
    }

    /// <summary>
    /// A branch of bound 40 has no inverse that an iteration finds: it is replayed, and its
    /// coefficient falls until there is one.
    /// </summary>
    [TestMethod]
    [EveryBackend]
    public void ABlockWithoutInverseIsReplayedAndTightenedUntilItHasOne(TestDevice device)
    {
        const int Broken = 1;
        const float Bound = 40;
        using TestNetwork network = new(device, TestModel.Get(TestModel.Adaptive), inversion: s_usual);
        network.DrawZeroConvolutions();
        Loosen(network, Broken, Bound);
        network.Prepare();
        float[] checkpointed = network.Gradients(new MemoryPlan { Policy = MemoryPolicy.Checkpoint }, s_usual);
        float[] inverted = network.Gradients(new MemoryPlan(), s_usual with { Tolerance = InversionSettings.Exact });
        Assert.IsTrue(network.Engine.Records[Broken].Replayed);
        Assert.IsLessThanOrEqualTo(1e-4, Vectors.RelativeDifference(checkpointed, inverted));

        network.Train(1);
        Assert.AreEqual(AdaptiveRule.Refusal * Bound, network.Net.Coefficients!.Values[Broken], 1e-3);
        network.Train(30);
        Assert.IsTrue(
            network.Engine.Records[Broken] is { Converged: true, Replayed: false },
            $"{network.Engine.Records[Broken]}");
        Assert.IsLessThan(Bound / 4, network.Net.Coefficients!.Values[Broken]);
    }

    /// <summary>
    /// Two evaluations that leave a residual under the hard limit: enough where the bound is below
    /// 1, no sign of anything where it is above.
    /// </summary>
    [TestMethod]
    [EveryBackend(0.8f, false)]
    [EveryBackend(1.5f, true)]
    public void AboveOneAResultThatDidNotConvergeIsRefusedWhateverItsResidual(
        TestDevice device, float coefficient, bool refused)
    {
        InversionSettings two = new() { Tolerance = 1e-7, HardLimit = 0.9, MaximumEvaluations = 2 };
        using TestNetwork network = new(device, TestModel.Get(TestModel.Adaptive), inversion: two);
        network.DrawZeroConvolutions();
        for (int block = 0; block < network.Net.Blocks.Count; block++)
        {
            Loosen(network, block, coefficient);
        }
        network.Prepare();
        network.Gradients(new MemoryPlan(), two);
        foreach (InversionRecord record in network.Engine.Records)
        {
            Assert.AreEqual((2, false, refused), (record.Evaluations, record.Converged, record.Replayed));
            Assert.IsLessThanOrEqualTo(two.HardLimit, record.Residual);
        }
    }

    /// <summary>
    /// The same of a step that waits for no statistics. It does the one evaluation that zero
    /// branches needed; now they are not, and it leaves a residual under the hard limit, which
    /// counts where the bound is below 1.
    /// </summary>
    [TestMethod]
    [DataRow(0.8f, 0)]
    [DataRow(1.5f, 1)]
    public void AboveOneAPlannedStepThatDidNotConvergeIsDoneAgain(float coefficient, int replays)
    {
        using TestNetwork network = new(
            s_cuda, TestModel.Get(TestModel.Adaptive), inversion: s_usual with { HardLimit = 0.9 });
        network.Train(1);
        network.DrawZeroConvolutions();
        foreach (InvertibleBlock block in network.Net.Blocks)
        {
            Loosen(network, block.Index, coefficient);
        }
        network.Train(1);
        Assert.AreEqual(replays, network.Engine.Replays);
        Assert.IsTrue(
            network.Engine.Records.ToArray().All(record => !record.Replayed && record.Converged == (replays == 1)));
    }

    /// <summary>The first of two batches is refused everywhere, the second nowhere.</summary>
    [TestMethod]
    [EveryBackend]
    public void OfSeveralBatchesTheWorstCounts(TestDevice device)
    {
        using TestNetwork network = new(device, TestModel.Get(TestModel.Adaptive), inversion: s_usual);
        network.DrawZeroConvolutions();
        network.Train(4);
        AdaptiveCoefficients coefficients = network.Net.Coefficients!;
        float[] before = coefficients.Values.ToArray();
        (float[] pixels, float[] targets) = network.Data(4);
        network.Engine.Inversion = new InversionSettings { Tolerance = 1e-7, HardLimit = 1e-7, MaximumEvaluations = 1 };
        network.Step.Accumulate(pixels, targets);
        Assert.IsTrue(network.Engine.Records.ToArray().All(record => record.Replayed));
        network.Engine.Inversion = s_usual;
        network.Step.Accumulate(pixels, targets);
        Assert.IsFalse(network.Engine.Records.ToArray().Any(record => record.Replayed));
        network.Step.Update(1);
        double[] bounds = new double[before.Length];
        network.Backend.Download<double>(coefficients.Bounds, bounds);
        float[] after = coefficients.Values.ToArray();
        for (int block = 0; block < after.Length; block++)
        {
            Assert.AreEqual(AdaptiveRule.Refusal * Math.Min(before[block], bounds[block]), after[block], 1e-5);
        }

        // And is forgotten with its step.
        network.Train(1);
        for (int block = 0; block < after.Length; block++)
        {
            Assert.IsGreaterThanOrEqualTo(AdaptiveRule.Fall * after[block] * 0.999, coefficients.Values[block]);
        }
    }

    [TestMethod]
    [EveryBackend]
    public void CoefficientsAreStateThatACheckpointHoldsAndALoadReadsBack(TestDevice device)
    {
        using TestNetwork trained = new(device, TestModel.Get(TestModel.Adaptive), inversion: s_usual);
        using TestNetwork resumed = new(device, TestModel.Get(TestModel.Adaptive), inversion: s_usual);
        trained.DrawZeroConvolutions();
        trained.Train(8);
        float[] coefficients = trained.Net.Coefficients!.Values.ToArray();
        CollectionAssert.AreNotEqual(resumed.Net.Coefficients!.Values.ToArray(), coefficients, "they have not moved");
        double[] zeros = new double[trained.Net.Sample.Channels];
        ChannelNormalization normalization = new(zeros, [.. zeros.Select(_ => 1.0)]);
        string[] classes = [.. Enumerable.Range(0, trained.Net.Classes).Select(i => $"{i}")];
        Recipe recipe = new() { Model = trained.Net.Settings };
        Checkpoint.Write(Folder.Path, recipe, trained.Net, trained.Step, normalization, classes);
        Checkpoint.Restore(Folder.Path, recipe, resumed.Net, resumed.Step);
        CollectionAssert.AreEqual(coefficients, resumed.Net.Coefficients!.Values.ToArray());
        CollectionAssert.AreEqual(trained.Train(6), resumed.Train(6));
        CollectionAssert.AreEqual(trained.TrainingState(), resumed.TrainingState());
        CollectionAssert.AreEqual(
            trained.Net.Coefficients!.Values.ToArray(), resumed.Net.Coefficients!.Values.ToArray());
    }

    /// <summary>
    /// Policies that invert nothing would leave every coefficient where it started, and nobody
    /// would know.
    /// </summary>
    [TestMethod]
    [DataRow(MemoryPolicy.Store)]
    [DataRow(MemoryPolicy.Checkpoint)]
    [DataRow(MemoryPolicy.Compress)]
    [DataRow(MemoryPolicy.Auto)]
    public void WithoutInversionsThereIsNothingToFollow(MemoryPolicy policy)
    {
        (string name, string budget) =
            (policy.ToString().ToLowerInvariant(), policy == MemoryPolicy.Auto ? "1GiB" : "0");
        string message = SmallRecipe.Refusal(
            "model.lipschitz.mode=adaptive", $"reversible.policy={name}", $"reversible.memoryBudget={budget}");
        Assert.Contains($"reversible.policy is '{name}', but model.lipschitz.mode is 'adaptive', ", message);
        Assert.Contains("which needs the measurements of inversions; use the policy 'invert'", message);
    }

    // A branch with this coefficient, and a bound that is held back by it.
    private static void Loosen(TestNetwork network, int block, float coefficient)
    {
        Parameter weight = network.Net.Blocks[block].Branch.Convolutions[^1].Weight;
        network.Backend.Upload<float>(
            Array.ConvertAll(network.Backend.ToHost(weight.Value), value => 40 * value), weight.Value);
        AdaptiveCoefficients coefficients = network.Net.Coefficients!;
        network.Backend.Upload<float>([coefficient], coefficients.Of(block));
        coefficients.Reload();
    }
}
