using RevUp.Distributed;

namespace RevUp.Tests.Distributed;

/// <summary>Ranks come to one verdict on a step, whichever of them met a problem.</summary>
[TestClass]
public sealed class RankAgreementTests : FolderTest
{
    private const int Batch = 4;

    [TestMethod]
    public void ANumberThatIsNoneOnOneRankEndsTheStepOnAll()
    {
        string[] messages = ThreadRanks.Run(3, ranks =>
        {
            using SmallTraining training = Create(ranks);
            float[] before = training.State(), pixels = training.Pixels(ranks.Rank, Batch);
            pixels[5] = ranks.Rank == 1 ? float.NaN : pixels[5];
            training.Step.Accumulate(pixels, training.Targets(0, Batch));
            TrainingDivergedException diverged =
                Assert.ThrowsExactly<TrainingDivergedException>(() => training.Step.Update(learningRateFactor: 1));
            Assert.AreSame(diverged, ranks.Refusal);
            CollectionAssert.AreEqual(
                before[..(int)training.Net.Parameters.Count], training.State()[..(int)training.Net.Parameters.Count]);
            // The ranks are not out of step: the next update works.
            training.Step.Accumulate(training.Pixels(ranks.Rank, Batch), training.Targets(0, Batch));
            Assert.IsTrue(double.IsFinite(training.Step.Update(learningRateFactor: 1).Loss));
            return diverged.Message;
        });
        Assert.HasCount(1, messages.Distinct());
        Assert.Contains("loss", messages[0]);
    }

    /// <summary>
    /// One rank of four has a residual far above the limit; the mean of all is below it.
    /// </summary>
    [TestMethod]
    public void AWorseInversionOfOneRankCountsForAll()
    {
        Seen[] even = ThreadRanks.Run(4, ranks => Train(ranks, worse: -1));
        Seen[] uneven = ThreadRanks.Run(4, ranks => Train(ranks, worse: 2));
        CollectionAssert.AreEqual((long[])[0, 0, 0, 0], even.Select(rank => rank.Replays).ToArray());
        Assert.IsGreaterThan(0, uneven[2].Replays);
        Assert.AreEqual(uneven[2].Replays, uneven.Sum(rank => rank.Replays));
        foreach (Seen[] ranks in (Seen[][])[even, uneven])
        {
            foreach (Seen rank in ranks)
            {
                CollectionAssert.AreEqual(ranks[0].State, rank.State);
                CollectionAssert.AreEqual(ranks[0].Coefficients, rank.Coefficients);
                CollectionAssert.AreEqual(ranks[0].Evaluations, rank.Evaluations);
                Assert.AreEqual(ranks[0].Version, rank.Version);
            }
        }
        for (int branch = 0; branch < even[0].Coefficients.Length; branch++)
        {
            Assert.IsLessThan(even[0].Coefficients[branch], uneven[0].Coefficients[branch]);
        }
        // A refused input was recomputed, so that the first gradient has the same norm.
        Assert.AreEqual(even[0].FirstNorm, uneven[0].FirstNorm, 1e-4 * even[0].FirstNorm);
    }

    [TestMethod]
    public void OneFolderHasOneRun()
    {
        using CpuBackend backend = TestRuns.Backend();
        using TrainingRun first = new(backend, Recipe("2"), Folder["run"], resume: false);
        Exception?[] failures = ThreadRanks.Fail(2, ranks =>
        {
            using CpuBackend own = TestRuns.Backend();
            using TrainingRun second = new(own, Recipe("2"), Folder["run"], resume: false, ranks);
        });
        Assert.IsInstanceOfType<ConfigurationException>(failures[0]);
        Assert.IsInstanceOfType<RankRefusedException>(failures[1]);
        Assert.AreEqual(failures[0]!.Message, failures[1]!.Message);
        Assert.Contains(Folder["run"], failures[0]!.Message);
    }

    [TestMethod]
    public void RanksOfTwoVersionsAreRefused()
    {
        string[] messages = ThreadRanks.Run(3, ranks =>
        {
            ranks.RequireOneVersion("1.0+same");
            RankRefusedException refusal = Assert.ThrowsExactly<RankRefusedException>(
                () => ranks.RequireOneVersion(ranks.Rank == 2 ? "1.0+other" : "1.0+same"));
            Assert.AreSame(refusal, ranks.Refusal);
            return refusal.Message;
        });
        Assert.HasCount(1, messages.Distinct());
        string node = Environment.MachineName;
        Assert.StartsWith(
            $"Rank 2 is RevUp 1.0+other on {node}, and rank 0 is RevUp 1.0+same on {node}; install", messages[0]);
    }

    [TestMethod]
    [DataRow("train", "in the train part 'dog' had 12 samples and has 11")]
    [DataRow("test", "in the test part 'dog' had 12 samples and has 11")]
    public void ARankWithOtherFilesIsRefused(string part, string words)
    {
        foreach (string data in (string[])["0", "1"])
        {
            ImageFiles.WriteCatsAndDogs(Folder[data], 24);
        }
        File.Delete(Folder[$"1/{part}/dog/01.png"]);
        Exception?[] failures = ThreadRanks.Fail(2, ranks =>
        {
            using CpuBackend backend = TestRuns.Backend();
            Recipe recipe = Recipe("2", ImageFiles.CatsAndDogs(Folder[$"{ranks.Rank}"]));
            using TrainingRun run = new(backend, recipe, Folder["run"], resume: false, ranks);
        });
        foreach (Exception? failure in failures)
        {
            Assert.IsInstanceOfType<RankRefusedException>(failure);
            Assert.Contains("Rank 1 on ", failure.Message);
            Assert.Contains(words, failure.Message);
        }
    }

    [TestMethod]
    public void ABaselineHasTheSameRunningStatisticsOnAllRanks()
    {
        float[][] states = ThreadRanks.Run(2, ranks =>
        {
            using CpuBackend backend = TestRuns.Backend();
            Recipe recipe = Recipe(
                "2", "model.block=residual", "model.normalization=batchNorm", "reversible.policy=store",
                "model.downsampling=strided", "model.lipschitz.mode=none");
            using TrainingRun run = new(backend, recipe, Folder["baseline"], resume: false, ranks);
            run.Run(null, CancellationToken.None);
            return run.Network.Parameters.State.SelectMany(state => backend.ToHost(state.Value)).ToArray();
        });
        CollectionAssert.AreEqual(states[0], states[1]);
        Assert.IsTrue(states[0].Any(value => value is not (0 or 1)));
    }

    private static Recipe Recipe(string passes, params string[] overrides) => SmallRecipe.Create(
        [$"training.accumulate={passes}", "training.batchSize=4", "training.epochs=1", .. overrides]);

    private static SmallTraining Create(Collective ranks, params string[] overrides) => new(
        ranks, [$"training.accumulate={ranks.Size}", $"training.batchSize={Batch}", .. overrides]);

    private static Seen Train(Collective ranks, int worse)
    {
        using SmallTraining training = Create(
            ranks, "model.lipschitz.mode=adaptive", "model.lipschitz.coefficient=0.9", "reversible.hardLimit=0.01");
        if (ranks.Rank == worse)
        {
            // Its solver ends after one evaluation, far from the solution.
            training.Step.Engine.Inversion = training.Step.Engine.Inversion with { MaximumEvaluations = 1 };
        }
        double norm = 0;
        for (int step = 0; step < 3; step++)
        {
            training.Step.Accumulate(training.Pixels(ranks.Rank, Batch), training.Targets(step, Batch));
            StepResult result = training.Step.Update(learningRateFactor: 1e-3);
            norm = step == 0 ? result.GradientNorm : norm;
        }
        EvaluationPlan plan = training.Step.Engine.Inverter.Plan;
        return new Seen(
            training.State(), [.. training.Net.Coefficients!.Values], [.. plan.Evaluations], plan.Version,
            training.Step.Engine.Replays, norm);
    }

    private sealed record Seen(
        float[] State, float[] Coefficients, int[] Evaluations, long Version, long Replays, double FirstNorm);
}
