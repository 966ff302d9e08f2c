namespace RevUp.Tests.Layers;

/// <summary>Filters of <see cref="StemKind.Whitened"/>.</summary>
[TestClass]
public sealed class WhiteningTests
{
    [TestMethod]
    [DataRow(1)]
    [DataRow(5)]
    [DataRow(27)]
    public void AllFiltersTogetherWhiten(int elements)
    {
        double[,] moments = Moments(elements, rank: elements);
        double[][] filters = Filters(moments, 2 * elements);
        double trace = 0, before = double.PositiveInfinity;
        for (int i = 0; i < elements; i++)
        {
            double eigenvalue = 1 / filters[i].Sum(x => x * x) - Whitening.Epsilon;
            for (int j = 0; j < elements; j++)
            {
                double expected = i == j ? eigenvalue / (eigenvalue + Whitening.Epsilon) : 0;
                Assert.AreEqual(expected, Product(filters[i], moments, filters[j]), 1e-5);
            }
            Assert.IsLessThanOrEqualTo(before, eigenvalue);
            (trace, before) = (trace + eigenvalue, eigenvalue);
            CollectionAssert.AreEqual(filters[i].Select(x => -x).ToArray(), filters[elements + i]);
        }
        double variance = Enumerable.Range(0, elements).Sum(i => moments[i, i]);
        Assert.AreEqual(variance, trace, 1e-5 * variance);
    }

    [TestMethod]
    public void FewerFiltersAreTheLeadingOnes()
    {
        double[,] moments = Moments(9, rank: 9);
        double[][] all = Filters(moments, 18), few = Filters(moments, 6);
        for (int i = 0; i < 3; i++)
        {
            CollectionAssert.AreEqual(all[i], few[i]);
            CollectionAssert.AreEqual(all[9 + i], few[3 + i]);
        }
    }

    [TestMethod]
    public void DirectionsWithoutVarianceStayFinite()
    {
        double[][] filters = Filters(Moments(9, rank: 2), 18);
        double largest = filters.Max(filter => filter.Max(Math.Abs));
        Assert.IsLessThanOrEqualTo(1.001 / Math.Sqrt(Whitening.Epsilon), largest);
    }

    [TestMethod]
    public void ARunStartsFromFiltersOfItsDataAndKeepsThem()
    {
        Recipe recipe = SmallRecipe.Create("model.stem=whitened", "training.freeze=stem");
        using CpuBackend backend = TestRuns.Backend();
        using TrainingRun run = new(backend, recipe, folder: null, resume: false);
        float[] start = Weights(run);
        // 2·3·3 filters would whiten; the first stage has four channels.
        Assert.HasCount(4 * 9, start);
        for (int i = 0; i < 18; i++)
        {
            Assert.AreEqual(start[i], -start[18 + i]);
        }
        run.Run();
        CollectionAssert.AreEqual(start, Weights(run));

        static float[] Weights(TrainingRun run) => run.Network.Backend.ToHost(
            run.Network.NamedTensors.Single(one => one.Name == "stem.weight").Tensor);
    }

    [TestMethod]
    public void AResumedRunKeepsWhatItLearned()
    {
        using TemporaryFolder folder = new();
        Recipe recipe = SmallRecipe.Create("model.stem=whitened", "training.emaDecay=0.9");
        TestRuns.Finish(recipe, folder["whole"]);
        TestRuns.StopAfter(5, recipe, folder["part"]);
        TestRuns.Finish(recipe, folder["part"], resume: true);
        TestRuns.AssertSameState(folder["whole"], folder["part"]);
    }

    [TestMethod]
    [DataRow("model.stemChannels=3", "model.stem is 'whitened', which has both signs of each filter")]
    [DataRow("model.stages.0.channels=1", "model.stem is 'whitened', which has both signs of each filter")]
    public void NumbersOfFiltersThatCannotBeAreRefused(string setting, string message) =>
        Assert.Contains(message, SmallRecipe.Refusal("model.stem=whitened", setting));

    [TestMethod]
    public void MoreFiltersThanDirectionsAreRefused()
    {
        Recipe recipe = SmallRecipe.Create(
            "model.stem=whitened", "model.stages.0.channels=20", "model.stages.1.channels=80", "model.stemChannels=20");
        using CpuBackend backend = TestRuns.Backend();
        Assert.Contains(
            "use at most 18",
            Assert.ThrowsExactly<ConfigurationException>(
                () => new TrainingRun(backend, recipe, folder: null, resume: false)).Message);
    }

    private static double[][] Filters(double[,] moments, int count) =>
        [.. Whitening.Filters(moments, count).Chunk(moments.GetLength(0)).Select(
            filter => filter.Select(x => (double)x).ToArray())];

    private static double Product(double[] left, double[,] moments, double[] right) =>
        Enumerable.Range(0, left.Length).Sum(
            i => Enumerable.Range(0, right.Length).Sum(j => left[i] * moments[i, j] * right[j]));

    // Σ aₖ·aₖᵀ over as many vectors as the rank, of sizes that differ.
    private static double[,] Moments(int elements, int rank)
    {
        Random random = new(elements);
        double[,] moments = new double[elements, elements];
        for (int k = 0; k < rank; k++)
        {
            double[] vector = [.. Enumerable.Range(0, elements).Select(_ => (random.NextDouble() - 0.5) * (k + 1))];
            for (int i = 0; i < elements; i++)
            {
                for (int j = 0; j < elements; j++)
                {
                    moments[i, j] += vector[i] * vector[j];
                }
            }
        }
        return moments;
    }
}
