using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;

namespace RevUp.Tests.Runs;

/// <summary>
/// Runs inside an application: in memory alone, off the calling thread, observed.
/// </summary>
[TestClass]
public sealed class HostedRunTests : FolderTest
{
    private static readonly Recipe s_recipe = SmallRecipe.Create(
        """data={"dataset":"custom","extents":[8,8],"channels":1,"classes":2}""");

    [TestMethod]
    public void WithoutAFolderAndATestSetARunLeavesItsNetworkAndNoFile()
    {
        using CpuBackend backend = TestRuns.Backend();
        using MemoryDataset data = Data();
        string[] before = Directory.GetFileSystemEntries(Folder.Path);
        using TrainingRun run = new(backend, s_recipe, folder: null, resume: false, data, test: null);
        Assert.AreEqual((0L, false), (run.Step, run.IsResumed));
        RunSummary summary = run.Run();
        Assert.AreEqual(run.Steps, run.Step);
        Assert.AreEqual((false, 0, "", ""), (
            summary.Interrupted, summary.Evaluation.Samples, summary.Folder, summary.Checkpoint));

        // The same bits as a run with both, which has its weights in a checkpoint.
        using CpuBackend other = TestRuns.Backend();
        using TrainingRun whole = new(other, s_recipe, Folder["run"], resume: false, data, data);
        whole.Run();
        float[] sample = Vectors.Normal(1, 64);
        CollectionAssert.AreEqual(whole.Network.Predict(sample), run.Network.Predict(sample));
        Assert.HasCount(before.Length + 1, Directory.GetFileSystemEntries(Folder.Path));
    }

    [TestMethod]
    public void WithoutAFolderTheTestSetIsEvaluatedAllTheSame()
    {
        using CpuBackend backend = TestRuns.Backend();
        using MemoryDataset data = Data();
        using TrainingRun run = new(backend, s_recipe, folder: null, resume: false, data, data);
        int evaluations = 0;
        RunSummary summary = run.Run(progress => evaluations += progress.Evaluation is null ? 0 : 1);
        Assert.AreEqual(2, evaluations);
        Assert.AreEqual(data.Count, summary.Evaluation.Samples);
    }

    [TestMethod]
    public void WhatNeedsCheckpointsNeedsAFolder()
    {
        using CpuBackend backend = TestRuns.Backend();
        using MemoryDataset data = Data();
        Assert.Refuses<ConfigurationException>(
            () => new TrainingRun(backend, s_recipe, folder: null, resume: true, data, data),
            "no folder for checkpoints, and 'resume' continues from one");
        Assert.Refuses<ConfigurationException>(
            () => new TrainingRun(backend, s_recipe, folder: null, resume: false, data, data, data),
            "a validation set chooses among them");
    }

    [TestMethod]
    public async Task ARunOnItsOwnThreadReportsStopsAndResumes()
    {
        using MemoryDataset data = Data();
        using CancellationTokenSource stop = new();
        int caller = Environment.CurrentManagedThreadId;
        Recorder recorder = new(progress =>
        {
            Assert.AreNotEqual(caller, Environment.CurrentManagedThreadId);
            if (progress.Step == 3)
            {
                stop.Cancel();
            }
        });
        using (CpuBackend backend = TestRuns.Backend())
        using (TrainingRun run = new(backend, s_recipe, Folder["run"], resume: true, data, data))
        {
            RunSummary summary = await run.RunAsync(recorder, stop.Token);
            Assert.AreEqual((true, 3L, 3L), (summary.Interrupted, summary.Step, run.Step));
        }
        using (CpuBackend backend = TestRuns.Backend())
        using (TrainingRun run = new(backend, s_recipe, Folder["run"], resume: true, data, data))
        {
            Assert.AreEqual((3L, true), (run.Step, run.IsResumed));
            RunSummary summary = await run.RunAsync();
            Assert.AreEqual((false, run.Steps), (summary.Interrupted, run.Step));
        }
        using TrainingRun disposed = new(TestRuns.Backend(), s_recipe, null, resume: false, data, null);
        disposed.Network.Backend.Dispose();
        await Assert.ThrowsExactlyAsync<ObjectDisposedException>(() => disposed.RunAsync());
    }

    [TestMethod]
    public void StepsAreMeasuredAndDamageIsLogged()
    {
        ImageFiles.WriteCatsAndDogs(Folder["images"], count: 32);
        File.WriteAllText(Folder["images/train/cat/00.png"], "no image");
        Recipe recipe = SmallRecipe.Create(
            ImageFiles.CatsAndDogs(Folder["images"]), "training.epochs=1", "data.maximumDamagedShare=0.5");
        using CpuBackend backend = TestRuns.Backend();
        using TrainingRun run = new(backend, recipe, folder: null, resume: false);
        RecordingLogger logger = new();
        run.Logger = logger;
        long steps = 0, bytes = 0;
        double evaluations = 0;
        using MeterListener listener = new();
        listener.InstrumentPublished = (instrument, self) =>
        {
            if (instrument.Meter.Name == "RevUp")
            {
                self.EnableMeasurementEvents(instrument);
            }
        };
        int thread = Environment.CurrentManagedThreadId; // other tests train as well
        listener.SetMeasurementEventCallback<long>((instrument, value, _, _) =>
        {
            if (Environment.CurrentManagedThreadId == thread)
            {
                (steps, bytes) = instrument.Name == "revup.training.steps" ? (steps + value, bytes) : (steps, value);
            }
        });
        listener.SetMeasurementEventCallback<double>((_, value, _, _) =>
            evaluations = Environment.CurrentManagedThreadId == thread ? value : evaluations);
        listener.Start();
        RunSummary summary = run.Run();
        Assert.AreEqual(run.Steps, steps);
        Assert.AreEqual(summary.Peak[MemoryPurpose.Activations], bytes);
        Assert.IsGreaterThanOrEqualTo(1, evaluations);
        Assert.AreEqual(1, logger.Warnings.Count(text => text.Contains("00.png", StringComparison.Ordinal)));
        Assert.HasCount(summary.DamagedSamples, logger.Warnings);
    }

    private static MemoryDataset Data()
    {
        byte[] pixels = new byte[48 * 64], labels = new byte[48];
        new Random(1).NextBytes(pixels);
        for (int i = 0; i < labels.Length; i++)
        {
            labels[i] = (byte)(i % 2);
        }
        return new MemoryDataset(pixels, labels, new Shape(1, 8, 8, 1), ["even", "odd"]);
    }

    private sealed class Recorder(Action<TrainingProgress> report) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value) => report(value);
    }

    private sealed class RecordingLogger : ILogger
    {
        public List<string> Warnings { get; } = [];

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception,
            Func<TState, Exception?, string> formatter)
        {
            lock (Warnings)
            {
                if (logLevel >= LogLevel.Warning)
                {
                    Warnings.Add(formatter(state, exception));
                }
            }
        }
    }
}
