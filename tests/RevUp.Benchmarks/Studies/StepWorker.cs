using System.Diagnostics;
using RevUp.Backends.Cpu;
using RevUp.Diagnostics;
using RevUp.Lipschitz;
using RevUp.Models;
using RevUp.Reversible;
using RevUp.Tensors;
using RevUp.Training;

namespace RevUp.Benchmarks.Studies;

/// <summary>The process that runs RevUp's side of <see cref="StepStudy"/>: the peer's network under one policy, one training step per line.</summary>
internal static class StepWorker
{
    /// <summary>Its command.</summary>
    public const string Name = "measure-step";

    /// <summary>Arguments: POLICY LIPSCHITZ BLOCKS BATCH THREADS.</summary>
    public static void Work(string[] arguments)
    {
        MemoryPolicy policy = Enum.Parse<MemoryPolicy>(arguments[0], ignoreCase: true);
        ModelSettings model = Model(int.Parse(arguments[2]), Enum.Parse<LipschitzMode>(arguments[1], ignoreCase: true));
        TrainingSettings training = new() { BatchSize = int.Parse(arguments[3]) };
        using CpuBackend backend = new(int.Parse(arguments[4]));
        using RevUpNet net = new(backend, model, new Shape(1, 32, 32, 3), classes: 10, training.Seed);
        MemoryProbe.DrawZeroConvolutions(net, training.Seed);
        using TrainingStep step = new(net, training, new MemoryPlan { Policy = policy }, new InversionSettings());
        (float[] pixels, float[] targets) = MemoryProbe.RandomBatch(net, training);
        // Norms as they are in the middle of a run, where one power iteration per step follows them.
        for (; step.Count < model.Lipschitz.StartSteps; step.Count++)
        {
            net.PrepareStep(training.BatchSize, step.Count);
        }
        Worker.Serve(() => Measure(backend, net, step, pixels, targets));
    }

    private static ModelSettings Model(int blocks, LipschitzMode mode) => new()
    {
        Stem = StemKind.Convolution,
        Downsampling = Downsampling.Strided,
        Stages = [.. ((int[])[64, 128, 256]).Select(channels => new StageSettings { Blocks = blocks, Channels = channels })],
        Lipschitz = new LipschitzSettings { Mode = mode },
    };

    private static StepSample Measure(CpuBackend backend, RevUpNet net, TrainingStep step, float[] pixels, float[] targets)
    {
        backend.Memory.ResetPeaks();
        long start = Stopwatch.GetTimestamp();
        // At rate 0 the update costs the same and the weights stay, so that every round measures the same network.
        step.Run(pixels, targets, learningRateFactor: 0);
        double milliseconds = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        StepSample sample = new(milliseconds, net.Parameters.Count, ProcessMemory.PeakBytes(), backend.Memory.Peak[MemoryPurpose.Activations]);
        InversionRecord[] inverted = [.. step.Engine.Records.ToArray().Where(record => record.Evaluations > 0)];
        return inverted.Length == 0 ? sample : sample with
        {
            MeanEvaluations = inverted.Average(record => record.Evaluations),
            MaxEvaluations = inverted.Max(record => record.Evaluations),
            MaxResidual = inverted.Max(record => record.Residual),
        };
    }
}
