using RevUp.Distributed;

namespace RevUp.Tests.Distributed;

/// <summary>Evaluations that ranks share have the numbers of one process.</summary>
[TestClass]
public sealed class RankEvaluationTests : FolderTest
{
    private const int Samples = 257;

    // Two steps an epoch, each of six passes.
    private const string Segmentation = """
        {
          "name": "lesions",
          "data": { "dataset": "lesions", "extents": [32, 32], "channels": 1, "trainingSamples": 24,
            "validationSamples": 5 },
          "model": { "task": "segmentation", "stages": [ { "blocks": 1, "channels": 8 } ] },
          "training": { "epochs": 12, "evaluateEveryEpochs": 6, "batchSize": 2, "accumulate": 6,
            "sumInRankOrder": true, "chooseBy": "dice", "classWeights": [0.001, 1, 1, 1],
            "optimizer": { "kind": "adamW", "learningRate": 0.03 } }
        }
        """;

    private static readonly int[] s_damaged = [0, 3, 100, 101, 256];

    [TestMethod]
    public void SamplesAreCountedOnceOnAnyNumberOfRanks()
    {
        EvaluationResult expected = ThreadRanks.Run(1, Evaluate).Single();
        Assert.AreEqual((Samples - s_damaged.Length, s_damaged.Length), (expected.Samples, expected.LeftOut));
        foreach (EvaluationResult result in ((int[])[2, 3]).SelectMany(ranks => ThreadRanks.Run(ranks, Evaluate)))
        {
            Assert.AreEqual(
                (expected.Top1, expected.Samples, expected.LeftOut), (result.Top1, result.Samples, result.LeftOut));
            Assert.AreEqual(expected.Loss, result.Loss, 1e-12);
            Assert.AreEqual(expected.Auc, result.Auc, 1e-12);
        }
    }

    [TestMethod]
    public void CasesAreMeasuredOnceOnAnyNumberOfRanks()
    {
        string[] runs = [.. Enumerable.Range(1, 3).Select(Run)];
        foreach (string run in runs[1..])
        {
            TestRuns.AssertSameState(runs[0], run);
            CollectionAssert.AreEqual(TestRuns.Metrics(runs[0]), TestRuns.Metrics(run));
            Assert.AreEqual(Measures(runs[0]), Measures(run));
        }
        Assert.IsNotEmpty(SegmentationJson.Read(runs[2])!.Views);

        string Run(int size)
        {
            string folder = Folder[$"{size}"];
            RunSummary[] summaries = ThreadRanks.Run(size, ranks =>
            {
                using CpuBackend backend = TestRuns.Backend();
                using TrainingRun run =
                    new(backend, RecipeFile.Parse(Segmentation, "lesions.json", []), folder, resume: false, ranks);
                return run.Run(null, CancellationToken.None);
            });
            Assert.IsGreaterThan(0, summaries[0].Evaluation.ForegroundDice);
            return folder;
        }

        static string Measures(string run) => File.ReadAllText(Path.Combine(run, SegmentationJson.FileName));
    }

    private static EvaluationResult Evaluate(Collective ranks)
    {
        using SmallTraining training = new();
        training.Run(0, 8);
        SyntheticDataset data = SyntheticDataset.Create(Samples, new Shape(1, 8, 8, 1), 4, seed: 3);
        HookedDataset damaged = new(
            data,
            index => _ = s_damaged.Contains(index) ? throw new DataFileException($"image-{index}", "broken.") : index);
        BatchLoaderOptions options = new() { BatchSize = 16, Damaged = new DamagedSamples(damaged, 0.1) };
        using StopAgreement stop = new(ranks, CancellationToken.None);
        EvaluationResult result =
            Evaluator.Evaluate(training.Net, damaged, ChannelNormalization.Compute(data), options,
                new SampleLoss(ModelTask.Classification, 0, null), null, stop);
        // Each rank knows of the samples that the others have met.
        CollectionAssert.AreEqual(s_damaged, options.Damaged.ToList().Select(sample => sample.Index).ToArray());
        return result;
    }
}
