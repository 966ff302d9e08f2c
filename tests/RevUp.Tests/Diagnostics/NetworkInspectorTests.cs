using RevUp.Diagnostics;

namespace RevUp.Tests.Diagnostics;

[TestClass]
public sealed class NetworkInspectorTests : FolderTest
{
    private const int Batch = 16;

    [TestMethod]
    [DataRow("model.lipschitz.mode=perBranch")]
    [DataRow("model.lipschitz.mode=perLayer")]
    public void OfATrainedNetworkEveryBlockContractsAndTheConvergedBoundIsNotBelowTheEstimate(string mode)
    {
        Recipe recipe = SmallRecipe.Create(mode, "training.epochs=4");
        TestRuns.Finish(recipe, Folder["run"]);
        using CpuBackend backend = TestRuns.Backend();
        using LoadedCheckpoint loaded = Checkpoint.Load(backend, Folder["run"]);
        // The norms in the file are of the weights before the last update.
        loaded.Network.PrepareStep(Batch, loaded.Step);
        IReadOnlyList<BlockReport> reports = Inspect(recipe, loaded).Blocks;

        CollectionAssert.AreEqual(
            new[] { "stages.0.blocks.0", "stages.0.blocks.1", "stages.1.blocks.0" },
            reports.Select(report => report.Name).ToArray());
        foreach (BlockReport report in reports)
        {
            Assert.HasCount(2, report.Sigmas);
            Assert.IsTrue(
                report.Sigmas.All(sigma => sigma > 0), $"{report.Name}: σ = {string.Join(", ", report.Sigmas)}");
            Assert.IsTrue(report.Bound is > 0 and <= 0.9 * (1 + 1e-6), $"{report.Name}: bound {report.Bound}");
            // Power iteration approaches from below; 1e-3 is how far the inspector's own stopping
            // rule may stay away from the norm.
            Assert.IsGreaterThanOrEqualTo(report.Bound * (1 - 1e-3), report.ConvergedBound, report.Name);
            Assert.IsTrue(report.Contraction is > 0 and < 1, $"{report.Name}: contraction {report.Contraction}");
            Assert.IsLessThanOrEqualTo(report.ConvergedBound * (1 + 1e-2), report.Contraction, report.Name);
            Assert.IsGreaterThanOrEqualTo(1, report.Evaluations);
            Assert.IsLessThanOrEqualTo(recipe.Reversible.Inversion.HardLimit, report.Residual);
        }
        CollectionAssert.AreEqual(new[] { 0, 1, 2 }, reports.Select(report => report.Index).ToArray());
    }

    /// <summary>
    /// A block whose input is computed again has no row: it has neither bound nor inverse.
    /// </summary>
    [TestMethod]
    public void LeadingBlocksWithoutABoundAreLeftOut()
    {
        Recipe recipe = SmallRecipe.Create("model.lipschitz.freeLeadingBlocks=true");
        TestRuns.Finish(recipe, Folder["run"]);
        using CpuBackend backend = TestRuns.Backend();
        using LoadedCheckpoint loaded = Checkpoint.Load(backend, Folder["run"]);
        string[] inverted = [.. Inspect(recipe, loaded).Blocks.Select(report => report.Name)];
        CollectionAssert.AreEqual(new[] { "stages.0.blocks.1", "stages.1.blocks.0" }, inverted);
    }

    [TestMethod]
    public void ParametersAndStateStayAndMemoryIsGivenBack()
    {
        using SmallTraining training = new();
        training.Run(0, 8);
        float[] before = training.State();
        Inspect(training.Net);
        int live = training.Net.Backend.Memory.LiveCount;
        Inspect(training.Net);
        CollectionAssert.AreEqual(before, training.State());
        Assert.AreEqual(live, training.Net.Backend.Memory.LiveCount);
    }

    [TestMethod]
    public void MemoryOfAnInspectionThatDoesNotFitIsGivenBack()
    {
        using SmallTraining training = new();
        Arena memory = training.Net.Backend.Memory;
        training.Net.PrepareInference(1);
        int live = memory.LiveCount;
        // An input and an output of the first block already exceed the 64 MiB that there are.
        SyntheticDataset data = SyntheticDataset.Create(65_536, new Shape(1, 8, 8, 1), 4, seed: 3);
        Assert.ThrowsExactly<ArenaExhaustedException>(() => NetworkInspector.Inspect(
            training.Net, data, ChannelNormalization.Compute(data), new InversionSettings(),
            new() { BatchSize = data.Count }));
        Assert.AreEqual(live, memory.LiveCount);
    }

    [TestMethod]
    public void MoreSamplesThanThereAreMeansAllOfThem()
    {
        using SmallTraining training = new();
        training.Run(0, 8);
        SyntheticDataset data = SyntheticDataset.Create(5, new Shape(1, 8, 8, 1), 4, seed: 3);
        ChannelNormalization normalization = ChannelNormalization.Compute(data);
        double[] Of(int batch) =>
            Contractions(
                NetworkInspector.Inspect(
                    training.Net, data, normalization, new InversionSettings(), new() { BatchSize = batch }).Blocks);
        CollectionAssert.AreEqual(Of(5), Of(500));
    }

    [TestMethod]
    public void OfSeveralBatchesTheWorstIsReportedAndTheLastOneIsCut()
    {
        using SmallTraining training = new();
        training.Run(0, 8);
        SyntheticDataset data = SyntheticDataset.Create(10, new Shape(1, 8, 8, 1), 4, seed: 3);
        ChannelNormalization normalization = ChannelNormalization.Compute(data);
        Inspection Of(int images) =>
            NetworkInspector.Inspect(
                training.Net, data, normalization, new InversionSettings(), new() { BatchSize = 4 }, images);
        Inspection[] inspections = [Of(4), Of(8), Of(10), Of(7), Of(100)];
        CollectionAssert.AreEqual(
            new[] { 4, 8, 10, 7, 10 }, inspections.Select(inspection => inspection.Images).ToArray());
        for (int block = 0; block < inspections[0].Blocks.Count; block++)
        {
            double[] residuals = [.. inspections[..3].Select(inspection => inspection.Blocks[block].Residual)];
            CollectionAssert.AreEqual(residuals.Order().ToArray(), residuals);
            Assert.IsTrue(
                residuals[^1] > 0 && residuals[^1] <= inspections[0].Tolerance,
                $"block {block}: residual {residuals[^1]}");
        }
        Assert.AreEqual(inspections[2].Blocks[0].Residual, inspections[4].Blocks[0].Residual);
    }

    [TestMethod]
    public void GradientsStay()
    {
        using SmallTraining training = new();
        training.Run(0, 8);
        float[] before = Gradients(training.Net);
        Inspect(training.Net);
        CollectionAssert.AreEqual(before, Gradients(training.Net));
    }

    [TestMethod]
    public void ANetworkWithoutControlHasNothingToInspect()
    {
        using SmallTraining training = new("model.lipschitz.mode=none", "reversible.policy=store");
        Assert.Refuses<ConfigurationException>(() => Inspect(training.Net), "model.lipschitz.mode is 'none'");
    }

    private static Inspection Inspect(Recipe recipe, LoadedCheckpoint loaded) => NetworkInspector.Inspect(
        loaded.Network, Datasets.Open(recipe.Data, DatasetSplit.Test), loaded.Normalization,
        recipe.Reversible.Inversion, new() { BatchSize = Batch });

    private static void Inspect(RevUpNet net)
    {
        SyntheticDataset data = SyntheticDataset.Create(Batch, new Shape(1, 8, 8, 1), 4, seed: 3);
        NetworkInspector.Inspect(
            net, data, ChannelNormalization.Compute(data), new InversionSettings(), new() { BatchSize = Batch });
    }

    private static float[] Gradients(RevUpNet net)
    {
        float[] gradients = new float[net.Parameters.Gradients.Count];
        net.Backend.Download<float>(net.Parameters.Gradients, gradients);
        return gradients;
    }

    private static double[] Contractions(IReadOnlyList<BlockReport> reports) =>
        [.. reports.Select(report => report.Contraction)];
}
