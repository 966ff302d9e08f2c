using RevUp.Diagnostics;
using RevUp.Interop.Nvtx;

namespace RevUp.Tests.Diagnostics;

/// <summary>
/// Every moment of a step belongs to one operation or one gap, and to the right one.
/// </summary>
[TestClass]
public sealed class StepProfilerTests
{
    [TestMethod]
    public void EachTimeGoesToItsOwnerAndAllOfThemAddUpToTheStep()
    {
        using DoublingClock clock = new();
        long launches = 0;
        StepProfiler profiler = new(clock, () => launches);
        profiler.Begin("fill", []);
        profiler.End();
        Assert.AreEqual(0, clock.Count, "operations outside of steps are not measured");

        profiler.BeginStep();
        profiler.Enter(HostActivity.WaitingForData); // 1: between operations
        profiler.Enter(HostActivity.HandingOver); // 2: wait for data
        profiler.BeginCopy("copy to the device", 99); // the hand-over's own
        profiler.End();
        profiler.Enter(HostActivity.Issuing); // 4: hand over
        profiler.BeginCopy("copy to the host", 10); // 8: between operations
        profiler.End(); // 16: the copy
        using (NvtxRange.Open(ProfilerRanges.Backward))
        using (NvtxRange.Open(ProfilerRanges.Inversion))
        {
            profiler.Begin("residual add", []); // 32: between operations
            launches += 3;
            profiler.End(); // 64
        }
        profiler.Enter(HostActivity.Ending); // 128: between operations
        profiler.EndStep(); // 256: end of the step

        StepProfile step = profiler.Profile();
        Assert.AreEqual(511.0, step.Milliseconds);
        Assert.AreEqual(64, Time(step.Operations, "residual add"));
        Assert.AreEqual(16, Time(step.Operations, "copy to the host"));
        Assert.AreEqual(1 + 8 + 32 + 128, Time(step.Operations, "between operations"));
        Assert.AreEqual(2, Time(step.Operations, "wait for data"));
        Assert.AreEqual(4, Time(step.Operations, "hand over the batch"));
        Assert.AreEqual(256, Time(step.Operations, "end of the step"));
        Assert.AreEqual(32 + 64, Time(step.Parts, "inversion"), "the gap before an operation is its part's");
        Assert.AreEqual(3, step.Operations.Single(row => row.Name == "residual add").Launches);
        Assert.AreEqual(10, step.Operations.Sum(row => row.Bytes));
        AssertAddsUp(step);
    }

    [TestMethod]
    [EveryBackend]
    public void ARealStepHasAllLayersAndAddsUp(TestDevice device)
    {
        using Backend backend = device.Open();
        using ProfileRun run = new(backend, SmallRecipe.Create(), new StepWindow(2, 3));
        List<long> steps = [];
        ProfileResult result = run.Measure(steps.Add, CancellationToken.None);
        CollectionAssert.AreEqual(new long[] { 1, 2, 3 }, steps);
        Assert.HasCount(2, result.Step.StepMilliseconds);
        AssertAddsUp(result.Step);
        string[] layers = [.. result.Step.Layers.Select(row => row.Name)];
        Assert.AreEqual("stem", layers[0]);
        CollectionAssert.Contains(layers, "head");
        CollectionAssert.Contains(layers, "optimiser");
        foreach (string part in (string[])["power iteration", "forward", "inversion", "gradient", "optimiser"])
        {
            Assert.IsGreaterThan(0, result.Step.Parts.Single(row => row.Name == part).Calls, part);
        }
        ProfileRow forward = result.Step.Operations.Single(row => row.Name == "fprop 3×3");
        Assert.IsGreaterThan(0, forward.Flops);
        Assert.AreEqual(backend.IsAsynchronous, forward.Launches >= forward.Calls);
        Assert.IsGreaterThan(0, result.Rates.CopyBytesPerSecond);
        Assert.IsGreaterThan(0, result.Rates.FlopsPerSecond);
        Assert.IsGreaterThanOrEqualTo(1, result.MeanEvaluations);
    }

    private static void AssertAddsUp(StepProfile step)
    {
        foreach (IReadOnlyList<ProfileRow> rows in (IReadOnlyList<ProfileRow>[])
            [step.Parts, step.Layers, step.Operations])
        {
            Assert.AreEqual(step.Milliseconds, rows.Sum(row => row.Milliseconds), 1e-9 * step.Milliseconds);
            Assert.AreEqual(1, rows.Sum(row => row.Share), 1e-9);
            CollectionAssert.AllItemsAreUnique(rows.Select(row => row.Name).ToArray());
        }
    }

    private static double Time(IEnumerable<ProfileRow> rows, string name) =>
        rows.Single(row => row.Name == name).Milliseconds;

    /// <summary>Between two marks passes twice the time that passed before.</summary>
    private sealed class DoublingClock : DeviceClock
    {
        private int _count;

        public override int Count => _count;

        public override void Mark() => _count++;

        public override void Read(List<double> milliseconds)
        {
            for (int i = 1; i < _count; i++)
            {
                milliseconds.Add(Math.Pow(2, i - 1));
            }
            _count = 0;
        }

        public override void Dispose()
        {
        }
    }
}
