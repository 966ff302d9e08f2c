using System.Diagnostics;
using System.Text.Json;
using RevUp.Backends.Cpu;
using RevUp.Models;
using RevUp.Planning;
using RevUp.Reversible;
using RevUp.Runs;
using RevUp.Tensors;
using RevUp.Training;

namespace RevUp.Benchmarks.Studies;

/// <summary>
/// The process that runs RevUp's side of <see cref="StepStudy"/> and <see cref="DepthStudy"/>: one
/// training step per line.
/// </summary>
internal static class StepWorker
{
    /// <summary>Its command.</summary>
    public const string Name = "measure-step";

    /// <summary>Argument: a <see cref="StepCase"/> in JSON.</summary>
    public static void Work(string[] arguments)
    {
        StepCase work = JsonSerializer.Deserialize<StepCase>(arguments[0])!;
        TrainingSettings training = new() { BatchSize = work.Size.Batch };
        using CpuBackend backend = new(work.Size.Threads);
        using RevUpNet net = new(backend, work.CreateModel(), StepSize.Sample, StepSize.Classes, training.Seed);
        if (work.Weights.Length > 0)
        {
            net.LoadWeights(work.Weights);
        }
        else
        {
            MemoryProbe.DrawZeroConvolutions(net, training.Seed);
        }
        using TrainingStep step = new(
            net, training, work.Plan, new InversionSettings { Evaluations = work.Evaluations });
        (float[] pixels, float[] targets) = MemoryProbe.RandomBatch(net, training);
        // Norms as they are in the middle of a run, where one power iteration per step follows
        // them.
        for (; step.Count < net.Settings.Lipschitz.StartSteps; step.Count++)
        {
            net.PrepareStep(training.BatchSize, step.Count);
        }
        Worker.Serve(() => Measure(backend, net, step, pixels, targets));
    }

    private static StepSample Measure(
        CpuBackend backend, RevUpNet net, TrainingStep step, float[] pixels, float[] targets)
    {
        backend.Memory.ResetPeaks();
        long start = Stopwatch.GetTimestamp();
        // At rate 0 the update costs the same and the weights stay, so that every round measures
        // the same network.
        step.Run(pixels, targets, learningRateFactor: 0);
        double milliseconds = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        StepSample sample = new(
            milliseconds, net.Parameters.Count, ProcessMemory.PeakBytes(),
            backend.Memory.Peak[MemoryPurpose.Activations]);
        InversionRecord[] inverted = [.. step.Engine.Records.ToArray().Where(record => record.Evaluations > 0)];
        return inverted.Length == 0 ? sample : sample with
        {
            MeanEvaluations = inverted.Average(record => record.Evaluations),
            MaxEvaluations = inverted.Max(record => record.Evaluations),
            MaxResidual = inverted.Max(record => record.Residual),
        };
    }
}
