using RevUp.Distributed;

namespace RevUp.Tests.Distributed;

/// <summary>Damaged files in one rank's share of a training.</summary>
[TestClass]
public sealed class DamagedShareTests : FolderTest
{
    private const int Images = 24;
    private const int Batch = 2;

    private string[] Settings =>
    [
        ImageFiles.CatsAndDogs(Folder["data"]), "training.batchSize=2", "training.accumulate=2", "training.epochs=2",
        "training.sumInRankOrder=true", "reversible.policy=store",
    ];

    [TestInitialize]
    public void WriteImages() => ImageFiles.WriteCatsAndDogs(Folder["data"], Images);

    [TestMethod]
    public void AFileOfOneRankIsNamedOnceAndTheRunGoesOn()
    {
        string file = Break(rank: 1);
        string[] runs = ["one", "two"];
        for (int size = 1; size <= runs.Length; size++)
        {
            string run = Folder[runs[size - 1]];
            RunSummary first = ThreadRanks.Run(size, ranks => Train(ranks, run, share: 0.2))[0];
            Assert.IsFalse(first.Interrupted);
            Assert.AreEqual(1, first.DamagedSamples);
            Assert.Contains(file, File.ReadLines(Path.Combine(run, DamageLog.FileName)).Single());
            Assert.Contains("Damaged samples: 1", File.ReadAllText(Path.Combine(run, "report.md")));
        }
        TestRuns.AssertSameState(Folder["one"], Folder["two"]);
        CollectionAssert.AreEqual(TestRuns.Metrics(Folder["one"]), TestRuns.Metrics(Folder["two"]));
    }

    /// <summary>
    /// Each rank has met one, which the settings allow; together they are too many.
    /// </summary>
    [TestMethod]
    public void TooManyOfAllRanksTogetherEndThemAlike()
    {
        Break(rank: 0);
        Break(rank: 1);
        Exception?[] failures = ThreadRanks.Fail(2, ranks => Train(ranks, Folder["run"], share: 1.0 / Images));
        foreach (Exception? failure in failures)
        {
            Assert.IsInstanceOfType<DataFileException>(failure);
            Assert.Contains("2 of 24 samples are damaged", failure.Message);
        }
    }

    // Cuts a file off that the rank reads in the first epoch, and returns its name.
    private string Break(int rank)
    {
        Recipe recipe = SmallRecipe.Create(Settings);
        EpochPermutation order = new(Images, recipe.Training.Seed, epoch: 0);
        int image = order[rank * Batch];
        using ImageDataset data = Datasets.Open(recipe.Data, DatasetSplit.Train);
        string file = data.Name(image);
        File.WriteAllBytes(file, File.ReadAllBytes(file)[..60]);
        return Path.GetFileName(file);
    }

    private RunSummary Train(Collective ranks, string folder, double share)
    {
        using CpuBackend backend = TestRuns.Backend();
        string limit = string.Create(CultureInfo.InvariantCulture, $"data.maximumDamagedShare={share}");
        using TrainingRun run = new(backend, SmallRecipe.Create([.. Settings, limit]), folder, resume: false, ranks);
        return run.Run(progress: null, CancellationToken.None);
    }
}
