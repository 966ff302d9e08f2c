using System.Text.Json.Nodes;

namespace RevUp.Tests.Runs;

/// <summary>
/// Runs in which a batch is on its way while the step before computes: logs, checkpoints and what
/// is resumed are as if it were not.
/// </summary>
[TestClass]
public sealed class AsynchronousRunTests : FolderTest
{
    [TestMethod]
    [EveryBackend(4)]
    [EveryBackend(SmallRecipe.StepsPerEpoch)]
    [EveryBackend(9, "training.optimizer.kind=adamW", "training.optimizer.learningRate=0.01")]
    [EveryBackend(5, "training.batchSize=4", "training.accumulate=2")]
    [EveryBackend(9, "reversible.evaluations=mixed", "reversible.tolerance=1e-3", Type = ElementType.BFloat16)]
    public void InterruptedAndResumedIsUninterrupted(TestDevice device, int step, params string[] overrides)
    {
        Recipe recipe = SmallRecipe.Create(overrides);
        List<long> seen = [];
        Run(device, recipe, Folder["whole"], progress => seen.Add(progress.Step), CancellationToken.None);

        using CancellationTokenSource stop = new();
        RunSummary first = Run(device, recipe, Folder["parts"], progress => Stop(progress.Step), stop.Token);
        Assert.AreEqual(step, first.Step);
        Run(device, recipe, Folder["parts"], null, CancellationToken.None, resume: true);

        TestRuns.AssertSameState(Folder["whole"], Folder["parts"]);
        CollectionAssert.AreEqual(TestRuns.Metrics(Folder["whole"]), TestRuns.Metrics(Folder["parts"]));
        CollectionAssert.AreEqual(
            Enumerable.Range(1, SmallRecipe.Steps).Select(s => (long)s).ToArray(), seen.Distinct().ToArray());

        void Stop(long done)
        {
            if (done == step)
            {
                stop.Cancel();
            }
        }
    }

    [TestMethod]
    public void ARunOfGraphsIsTheSameRun()
    {
        TestDevice cuda = TestDevice.All.Single(device => device.ToString() == "cuda");
        Run(cuda, SmallRecipe.Create(), Folder["plain"], null, CancellationToken.None);
        Run(cuda, SmallRecipe.Create("training.cudaGraph=true"), Folder["graph"], null, CancellationToken.None);
        TestRuns.AssertSameState(Folder["plain"], Folder["graph"]);
        CollectionAssert.AreEqual(TestRuns.Metrics(Folder["plain"]), TestRuns.Metrics(Folder["graph"]));
    }

    /// <summary>
    /// The rate of its own number, although its batch is handed over while the step before is in
    /// flight.
    /// </summary>
    [TestMethod]
    [EveryBackend]
    public void EveryStepHasTheLearningRateOfTheSchedule(TestDevice device)
    {
        Recipe recipe = SmallRecipe.Create();
        Run(device, recipe, Folder.Path, null, CancellationToken.None);
        double[] rates = [.. TestRuns.Metrics(Folder.Path).Select(line => JsonNode.Parse(line)!["learningRate"])
            .OfType<JsonNode>().Select(rate => (double)rate)];
        TrainingSettings training = recipe.Training;
        CollectionAssert.AreEqual(
            Enumerable.Range(0, SmallRecipe.Steps)
                .Select(
                    step => training.Optimizer.LearningRate * training.Schedule.At(
                        step, SmallRecipe.Steps, SmallRecipe.StepsPerEpoch))
                    .ToArray(),
            rates);
        Assert.IsGreaterThan(SmallRecipe.StepsPerEpoch, rates.Distinct().Count());
    }

    /// <summary>
    /// Data that ends beside a step, which may be a graph that is being replayed: nothing waits for
    /// that step, and nothing of it stays.
    /// </summary>
    [TestMethod]
    [EveryBackend]
    public void ADatasetThatFailsBesideAStepEndsTheRunAndLeavesNothing(TestDevice device)
    {
        const int ReadsOfThreeSteps = 24;
        using Backend backend = device.Open();
        using MemoryDataset data = new(new byte[48 * 64], new byte[48], new Shape(1, 8, 8, 1), ["a", "b"]);
        int reads = int.MinValue;
        using HookedDataset failing = new(
            data,
            _ => _ = Interlocked.Increment(ref reads) > ReadsOfThreeSteps ? throw new InvalidDataException("gone") : 0);
        Recipe recipe = SmallRecipe.Create(
            """data={"dataset":"custom","extents":[8,8],"channels":1,"classes":2}""",
            "training.batchSize=8",
            $"training.cudaGraph={(backend.CanRecord ? "true" : "false")}");
        (int live, long steps) = (backend.Memory.LiveCount, 0);
        using (TrainingRun run = new(backend, recipe, Folder.Path, resume: false, failing, data))
        {
            reads = 0;
            Assert.ThrowsExactly<InvalidDataException>(
                () => run.Run(progress => steps = progress.Step, CancellationToken.None));
        }
        Assert.AreEqual(live, backend.Memory.LiveCount);
        Assert.IsLessThanOrEqualTo(3, steps);
    }

    private static RunSummary Run(
        TestDevice device, Recipe recipe, string folder, Action<TrainingProgress>? progress, CancellationToken stop,
        bool resume = false)
    {
        using Backend backend = device.Open();
        using TrainingRun run = new(backend, recipe, folder, resume);
        return run.Run(progress, stop);
    }
}
