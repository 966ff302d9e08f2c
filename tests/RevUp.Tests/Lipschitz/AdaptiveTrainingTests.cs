using RevUp.Data;
using RevUp.Layers;
using RevUp.Lipschitz;
using RevUp.Models;
using RevUp.Reversible;
using RevUp.Tests.Support;
using RevUp.Tests.Training.Files;
using RevUp.Tests.Training.Support;
using RevUp.Training;

namespace RevUp.Tests.Lipschitz;

/// <summary>Coefficients that follow their inversions: they pass 1 where blocks still have an inverse, and come back where they have none.</summary>
[TestClass]
public sealed class AdaptiveTrainingTests
{
    private static readonly InversionSettings s_usual = new();

    /// <summary>
    /// Above 1 nothing but the measured contraction says that there is an inverse. That it is the right one, the gradients with stored inputs say.
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
            Assert.IsTrue(record is { Converged: true, Replayed: false, Evaluations: > 1, Contraction: < 1 }, $"{record}");
        }
        // The default tolerance leaves a few percent of the gradient (results/gradients.md).
        Assert.IsLessThanOrEqualTo(0.1, Vectors.RelativeDifference(stored, inverted));
        Assert.IsLessThanOrEqualTo(1e-3, Vectors.RelativeDifference(stored, network.Gradients(MemoryPolicy.Invert)));
    }

    /// <summary>A branch of bound 40 has no inverse that an iteration finds: it is replayed, and its coefficient falls until there is one.</summary>
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
        Assert.IsTrue(network.Engine.Records[Broken] is { Converged: true, Replayed: false }, $"{network.Engine.Records[Broken]}");
        Assert.IsLessThan(Bound / 4, network.Net.Coefficients!.Values[Broken]);
    }

    /// <summary>Two evaluations that leave a residual under the hard limit: enough where the bound is below 1, no sign of anything where it is above.</summary>
    [TestMethod]
    [EveryBackend(0.8f, false)]
    [EveryBackend(1.5f, true)]
    public void AboveOneAResultThatDidNotConvergeIsRefusedWhateverItsResidual(TestDevice device, float coefficient, bool refused)
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

    [TestMethod]
    [EveryBackend]
    public void CoefficientsAreStateThatACheckpointHoldsAndALoadReadsBack(TestDevice device)
    {
        using TemporaryFolder folder = new();
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
        Checkpoint.Write(folder.Path, recipe, trained.Net, trained.Step, normalization, classes);
        Checkpoint.Restore(folder.Path, recipe, resumed.Net, resumed.Step);
        CollectionAssert.AreEqual(coefficients, resumed.Net.Coefficients!.Values.ToArray());
        CollectionAssert.AreEqual(trained.Train(6), resumed.Train(6));
        CollectionAssert.AreEqual(trained.TrainingState(), resumed.TrainingState());
        CollectionAssert.AreEqual(trained.Net.Coefficients!.Values.ToArray(), resumed.Net.Coefficients!.Values.ToArray());
    }

    /// <summary>Policies that invert nothing would leave every coefficient where it started, and nobody would know.</summary>
    [TestMethod]
    [DataRow(MemoryPolicy.Store)]
    [DataRow(MemoryPolicy.Checkpoint)]
    [DataRow(MemoryPolicy.Compress)]
    [DataRow(MemoryPolicy.Auto)]
    public void WithoutInversionsThereIsNothingToFollow(MemoryPolicy policy)
    {
        (string name, string budget) = (policy.ToString().ToLowerInvariant(), policy == MemoryPolicy.Auto ? "1GiB" : "0");
        string message = SmallRecipe.Refusal("model.lipschitz.mode=adaptive", $"reversible.policy={name}", $"reversible.memoryBudget={budget}");
        Assert.Contains("model.lipschitz.mode is 'adaptive', which follows the contraction that inversions measure", message);
        Assert.Contains($"reversible.policy is '{name}', under which blocks need not be inverted; use the policy 'invert'", message);
    }

    // A branch with this coefficient, and a bound that is held back by it.
    private static void Loosen(TestNetwork network, int block, float coefficient)
    {
        Parameter weight = network.Net.Blocks[block].Branch.Convolutions[^1].Weight;
        network.Backend.Upload<float>(Array.ConvertAll(network.Backend.ToHost(weight.Value), value => 40 * value), weight.Value);
        AdaptiveCoefficients coefficients = network.Net.Coefficients!;
        network.Backend.Upload<float>([coefficient], coefficients.Of(block));
        coefficients.Reload();
    }
}
