using System.Diagnostics;
using RevUp.Backends.Cpu;
using RevUp.Models;
using RevUp.Planning;
using RevUp.Recipes;
using RevUp.Reversible;
using RevUp.Runs;
using RevUp.Tensors;
using RevUp.Training;

namespace RevUp.Benchmarks.Studies;

/// <summary>
/// Memory of one training step of the U-Net of fit.json on cubes: RevUp's policies beside the same
/// network in TorchSharp, with scalars as RevUp has them or with instance normalisation.
/// </summary>
internal static class UNetStudy
{
    /// <summary>The command of the process that measures RevUp.</summary>
    public const string WorkerName = "measure-unet";

    private const string Result = "unet";
    private const string Peer = "torchsharp";
    private const string Slabs = "invert-slabs";

    private static readonly string[] s_peers =
        [Peer, $"{Peer}-checkpoint", $"{Peer}-instance-norm", $"{Peer}-instance-norm-checkpoint"];

    private static readonly string[] s_own = ["store", "checkpoint", "invert", Slabs];

    public static void Run(Arguments arguments)
    {
        bool quick = arguments.Quick;
        int[] edges = arguments.Integers("--edges", quick ? "32" : "64,96,128,160");
        string[] contenders = arguments.Words("--contenders", string.Join(',', quick ? s_own : [.. s_own, .. s_peers]));
        int slab = arguments.Integer("--slab", 8);
        int threads = arguments.Integer("--threads", 1);
        arguments.RequireNoOthers();
        string? unknown = contenders.FirstOrDefault(name => !s_own.Contains(name) && !s_peers.Contains(name));
        ConfigurationException.Require(
            unknown is null,
            $"--contenders has '{unknown}'; there are {string.Join(", ", [.. s_own, .. s_peers])}");

        Report report = new("Memory of a U-Net's training step", arguments, threads);
        IReadOnlyList<UNetRow> all = [];
        foreach (int edge in edges)
        {
            foreach (string contender in contenders)
            {
                Report.Progress($"{edge}³: {contender} ...");
                using Worker worker = new(Start(contender, edge, slab, threads));
                UNetRow row = new(contender, edge, worker.Ask<UNetSample>(), report.Origin);
                all = report.Merge(Result, [row], one => one.Contender, one => one.Edge);
            }
        }
        Describe(report, all);
        report.Write(Result);
    }

    /// <summary>The worker: EDGE POLICY SLAB THREADS, slab 0 for none.</summary>
    public static void Work(string[] arguments)
    {
        Recipe recipe = RecipeOf(edge: int.Parse(arguments[0]), slab: arguments[2]);
        MemoryPolicy policy = Enum.Parse<MemoryPolicy>(arguments[1], ignoreCase: true);
        using CpuBackend backend = new(int.Parse(arguments[3]));
        using RevUpNet net = new(
            backend, recipe.Model, recipe.Data.Sample, recipe.Data.ClassCount, recipe.Training.Seed);
        MemoryProbe.DrawZeroConvolutions(net, recipe.Training.Seed);
        using TrainingStep step = new(
            net, ProbeBatch.Settings(net, recipe.Training), recipe.Reversible.Plan with { Policy = policy },
            recipe.Reversible.Inversion);
        ProbeBatch batch = new(net, recipe.Training);
        Worker.Serve(() =>
        {
            backend.Memory.ResetPeaks();
            TimeSpan start = Process.GetCurrentProcess().TotalProcessorTime;
            batch.Run(step);
            double seconds = (Process.GetCurrentProcess().TotalProcessorTime - start).TotalSeconds;
            double[] evaluations =
                [.. step.Engine.Records.ToArray().Select(record => (double)record.Evaluations).Where(k => k > 0)];
            return new UNetSample(
                seconds, net.Parameters.Count, ProcessMemory.PeakBytes(), backend.Memory.TotalPeak,
                backend.Memory.Peak[MemoryPurpose.Activations], evaluations.DefaultIfEmpty(0).Average());
        });
    }

    private static Recipe RecipeOf(int edge, string slab)
    {
        string path = Checkout.Path(Checkout.ResultsFolder, "fit.json");
        string[] overrides =
            [$"data.extents=[{edge},{edge},{edge}]", $"reversible.slab={(slab == "0" ? "off" : slab)}"];
        return RecipeFile.Parse(File.ReadAllText(path), path, overrides);
    }

    private static ProcessStartInfo Start(string contender, int edge, int slab, int threads)
    {
        if (s_own.Contains(contender))
        {
            (string policy, int planes) = contender == Slabs ? ("invert", slab) : (contender, 0);
            return Worker.Self(WorkerName, $"{edge}", policy, $"{planes}", $"{threads}");
        }
        string norm = contender.Contains("instance-norm", StringComparison.Ordinal) ? "instance-norm" : "plain";
        string mode = contender.EndsWith("checkpoint", StringComparison.Ordinal) ? "checkpoint" : "stored";
        return TorchSharpPeer.Start(returns: true, "unet", $"{edge}", norm, mode, $"{threads}");
    }

    private static void Describe(Report report, IReadOnlyList<UNetRow> all)
    {
        report.Paragraph(
            """
            One step on one cube, in a process of its own. `process` is VmHWM: weights, gradients and momentum are in
            it. `arena` is RevUp's peak of all purposes, `activations` its peak without weights and workspace. Time is
            of the processor, all threads together. TorchSharp gives freed memory back to the system at once and has
            had a step on 32³ before, which makes its momentum.
            `checkpoint` keeps the input of each layer and computes the layer again. The loss of TorchSharp is the
            cross-entropy alone; RevUp's has Dice beside it.
            """);
        report.Origins(all.Select(row => row.Origin));
        report.Table(
            [
                "contender", "edge", "process, MiB", "arena, MiB", "activations, MiB", "processor s", "mean k",
                "parameters",
            ],
            all.OrderBy(row => row.Edge).ThenBy(row => Array.IndexOf([.. s_peers, .. s_own], row.Contender)).Select(
                row => (string[])
                [
                    row.Contender,
                    $"{row.Edge}",
                    Report.MiB(row.Sample.ProcessPeakBytes),
                    Measured(row.Sample.ArenaPeakBytes),
                    Measured(row.Sample.ActivationPeakBytes),
                    $"{row.Sample.ProcessorSeconds:F1}",
                    row.Sample.MeanEvaluations == 0 ? "" : $"{row.Sample.MeanEvaluations:F2}",
                    $"{row.Sample.Parameters}",
                ]));
    }

    private static string Measured(long bytes) => bytes == 0 ? "" : Report.MiB(bytes);
}
