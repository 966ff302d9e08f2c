using System.Diagnostics;
using RevUp.Backends.Cpu;
using RevUp.Data;
using RevUp.Inference;
using RevUp.Models;
using RevUp.Planning;
using RevUp.Recipes;
using RevUp.Runs;
using RevUp.Tensors;

namespace RevUp.Benchmarks.Studies;

/// <summary>
/// A volume of noise segmented in many classes by the network of segment-3d with random weights, in
/// a process of its own, whose peak memory is counted.
/// </summary>
internal static class DenseClasses
{
    /// <summary>The command of the process.</summary>
    public const string WorkerName = "segment-classes";

    private const string RecipeName = "segment-3d";

    /// <summary>Measures once.</summary>
    /// <param name="edge">Voxels along every axis.</param>
    /// <param name="classes">K.</param>
    /// <param name="threads">Of the backend.</param>
    /// <param name="origin">Of the rows.</param>
    public static IEnumerable<DenseRow> Measure(int edge, int classes, int threads, Origin origin)
    {
        using Worker worker = new(Worker.Self(WorkerName, $"{edge}", $"{classes}", $"{threads}"));
        DenseMemory found = worker.Ask<DenseMemory>();
        string name = $"{edge}³ in {classes} classes";
        yield return DenseRow.Of("classes", name, "s", [found.Seconds], origin);
        yield return DenseRow.Of(
            "classes", $"{name}, VmHWM without the volume", "MiB", [found.Bytes / 1048576.0], origin);
    }

    /// <summary>The worker: EDGE CLASSES THREADS.</summary>
    public static void Work(string[] arguments)
    {
        int[] numbers = [.. arguments.Select(int.Parse)];
        Worker.Serve(() => Segment(numbers[0], numbers[1], numbers[2]));
    }

    private static DenseMemory Segment(int edge, int classes, int threads)
    {
        string path = Path.Combine(Path.GetTempPath(), $"revup-{Environment.ProcessId}.safetensors");
        try
        {
            Save(path, classes);
            Shape shape = new(1, edge, edge, edge, 1);
            float[] volume = new float[shape.Count];
            Random random = new(3);
            foreach (ref float value in volume.AsSpan())
            {
                value = random.NextSingle();
            }
            ProcessMemory.ResetPeak();
            long arena = Segmenter.DefaultMemory - Segmenter.DefaultMemory / Segmenter.BufferShare;
            using Segmenter segmenter = Segmenter.Load(path, () => new CpuBackend(threads, arena));
            long start = Stopwatch.GetTimestamp();
            segmenter.Segment(volume, shape);
            double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
            return new DenseMemory(seconds, ProcessMemory.PeakBytes() - sizeof(float) * volume.LongLength);
        }
        finally
        {
            File.Delete(path);
        }
    }

    private static void Save(string path, int classes)
    {
        Recipe recipe = Checkout.Recipe(
            RecipeName, $"data.classes={classes}", "data.channels=1");
        using CpuBackend backend = new();
        using RevUpNet net = new(backend, recipe.Model, recipe.Data.Sample, classes, seed: 1);
        MemoryProbe.DrawZeroConvolutions(net, seed: 1);
        Checkpoint.SaveModel(
            net, path, new ChannelNormalization([0], [1]), [.. Enumerable.Range(0, classes).Select(k => $"{k}")]);
    }
}
