namespace RevUp.Tests.Runs;

/// <summary>A profiler's window opens before its first step and closes behind its last.</summary>
[TestClass]
public sealed class StepWindowTests : FolderTest
{
    private static readonly TestDevice s_cuda = TestDevice.All.Single(device => device.ToString() == "cuda");

    [TestMethod]
    [DataRow("30:33", 30, 33)]
    [DataRow("7", 7, 7)]
    public void AWindowIsTwoNumbersOrOne(string text, int first, int last)
    {
        Assert.IsTrue(StepWindow.TryParse(text, out StepWindow? window));
        Assert.AreEqual(new StepWindow(first, last), window);
    }

    [TestMethod]
    [DataRow("")]
    [DataRow("0:3")]
    [DataRow("4:3")]
    [DataRow("1:2:3")]
    [DataRow("-1:3")]
    [DataRow("1:99999999999")]
    public void AnyOtherTextIsNone(string text) => Assert.IsFalse(StepWindow.TryParse(text, out _));

    [TestMethod]
    [DataRow(1)]
    [DataRow(2)]
    public void ARunOpensItForItsStepsAlone(int accumulate)
    {
        using Backend backend = s_cuda.Open();
        Recipe recipe = SmallRecipe.Create();
        recipe = recipe with { Training = recipe.Training with { Accumulate = accumulate, Steps = 5 } };
        using TrainingRun run = new(backend, recipe, Folder["run"], resume: false) { Window = new StepWindow(2, 3) };
        AssertWindow(RecordedRanges.Of(() => run.Run(null, CancellationToken.None)), accumulate);
    }

    /// <summary>A replayed step has no ranges: a file has them, node by node.</summary>
    [TestMethod]
    public void ARecordedStepsNodesAreNamedInAFile()
    {
        using Backend backend = s_cuda.Open();
        Recipe recipe = SmallRecipe.Create();
        recipe = recipe with { Training = recipe.Training with { CudaGraph = true, Steps = 5 } };
        using TrainingRun run = new(backend, recipe, Folder["run"], resume: false) { Window = new StepWindow(4, 5) };
        run.Run(null, CancellationToken.None);

        string[][] nodes =
            [.. File.ReadAllLines(Folder["run/graph-nodes.tsv"]).Skip(1).Select(line => line.Split('\t'))];
        Assert.IsGreaterThan(50, nodes.Length);
        CollectionAssert.AreEqual(
            Enumerable.Range(0, nodes.Length).Select(number => $"{number}").ToArray(),
            nodes.Select(node => node[0]).ToArray());
        Assert.IsTrue(nodes.Any(node => node[1] == "fprop" && node[2] == "step / forward / stages.0.blocks.1"));
        Assert.IsTrue(nodes.Any(node => node[2].EndsWith("/ inversion / iteration 1", StringComparison.Ordinal)));
        Assert.AreEqual("step / prepare / power iteration", nodes[0][2]);
        Assert.IsTrue(nodes.Any(node => node[1].StartsWith("sgd", StringComparison.Ordinal)));
    }

    [TestMethod]
    public void AProfileOpensItForACapture()
    {
        using Backend backend = s_cuda.Open();
        using ProfileRun run = new(backend, SmallRecipe.Create(), new StepWindow(2, 3));
        AssertWindow(RecordedRanges.Of(() => run.Capture(_ => { }, CancellationToken.None)), accumulate: 1);
    }

    [TestMethod]
    public void AWindowBeyondTheRunIsRefusedBeforeTheFirstStep()
    {
        using CpuBackend backend = new(threads: 1);
        Recipe recipe = SmallRecipe.Create();
        recipe = recipe with { Training = recipe.Training with { Steps = 5 } };
        using TrainingRun run = new(backend, recipe, Folder["run"], resume: false) { Window = new StepWindow(5, 6) };
        string message = Assert.ThrowsExactly<ConfigurationException>(
            () => run.Run(null, CancellationToken.None)).Message;
        Assert.Contains("--profile-steps is 5:6, and the run has 5 steps; end it at 5 or before", message);
    }

    // The window has two whole steps; all others are outside.
    private static void AssertWindow(string[] ranges, int accumulate)
    {
        int open = Array.IndexOf(ranges, "cuProfilerStart"), close = Array.IndexOf(ranges, "cuProfilerStop");
        Assert.AreEqual(open, Array.LastIndexOf(ranges, "cuProfilerStart"));
        Assert.IsGreaterThan(open, close);
        Assert.AreEqual(accumulate, ranges[..open].Count(range => range == "step"));
        Assert.AreEqual(2 * accumulate, ranges[open..close].Count(range => range == "step"));
        Assert.AreEqual(2, ranges[open..close].Count(range => range.Trim() == "optimiser"));
    }
}
