using RevUp.Backends;
using RevUp.Backends.Cpu;
using RevUp.Backends.Observed;
using RevUp.Benchmarks.Traffic;
using RevUp.Models;
using RevUp.Planning;
using RevUp.Reversible;
using RevUp.Tensors;
using RevUp.Training;

namespace RevUp.Benchmarks.Studies;

/// <summary>
/// The bytes that each kind of operation moves in a training step of the peer's network and the
/// time it takes, beside the least of both.
/// </summary>
internal static class TrafficStudy
{
    private const string Result = "traffic";
    private const int CopyElements = 1 << 24;
    private const int CopyRepeats = 9;
    private const double Giga = 1e9;
    private const double MillisecondsPerSecond = 1e3;

    public static void Run(Arguments arguments)
    {
        bool quick = arguments.Quick;
        StepSize size = new(
            arguments.Integer("--blocks", quick ? 1 : 9),
            arguments.Integer("--channels", quick ? 8 : StepSize.PeerChannels),
            arguments.Integer("--batch", quick ? 2 : 128),
            arguments.Integer("--threads", 2));
        MemoryPolicy[] policies = arguments.Policies("store,checkpoint,invert");
        int rounds = arguments.Integer("--rounds", quick ? 1 : 3);
        double peak = arguments.Integer("--gflops", 480);
        arguments.RequireNoOthers();
        if (policies.Contains(MemoryPolicy.Compress))
        {
            throw new StudyException(
                "The least traffic of 'compress' is not known; --policies takes store, checkpoint and invert.");
        }

        Report report = new("Memory traffic and time of a training step by operation", arguments, size.Threads);
        using CpuBackend backend = new(size.Threads);
        double bandwidth = CopyBandwidth(backend);
        report.Paragraph(
            $"""
            The network of the study `step`: 3 stages of {size.Blocks} basic blocks, {size.Channels} channels in the
            first stage, batch {size.Batch}, float32, last convolutions drawn at random. Means of {rounds} steps after
            one for warming up. Times are processor times of every operation by itself, divided by the threads, so that
            other work on the machine is not in them; threads that wait should sleep (OMP_WAIT_POLICY=passive). `GB`
            counts each operand of a call once, one that is updated in place twice, and the weights of a convolution
            once; scratch is not counted. A copy of {CopyElements >> 18} MiB on the same threads moved
            {bandwidth / Giga:F1} GB/s; `at a copy's rate` is what the bytes would take at that. `direct` is the
            arithmetic at {peak:F0} GFLOP/s, the rate of oneDNN's direct convolutions alone on an idle machine of this
            kind: Winograd's, of a quarter of the products, stay below it, and `GFLOP/s` counts theirs as if they were
            direct. Power iteration is batch 1.

            The least: fprop, dgrad and wgrad are passes of their own, and everything pointwise rides on one of them, so
            that a pre-activation is applied to what a convolution loads and a sum to what it stores.
            """);
        List<TrafficRow> rows = [];
        foreach (MemoryPolicy policy in policies)
        {
            Report.Progress($"{policy} ...");
            report.Heading($"{policy}".ToLowerInvariant());
            rows.Add(Measure(report, size, policy, rounds, bandwidth, peak));
        }
        report.Heading("All");
        report.Table(
            ["policy", "GB", "least GB", "ratio", "convolutions, ms", "direct, ms", "all operations, ms"],
            rows.Select(row => (string[])
            [
                row.Policy,
                $"{row.Bytes / Giga:F2}",
                $"{row.LeastBytes / Giga:F2}",
                $"{row.Bytes / row.LeastBytes:F2}",
                $"{row.ConvolutionMilliseconds:F0}",
                $"{MillisecondsPerSecond * row.Operations / (peak * Giga):F0}",
                $"{row.Milliseconds:F0}",
            ]));
        report.WriteRows(Result, rows);
        report.Write(Result);
    }

    private static TrafficRow Measure(
        Report report, StepSize size, MemoryPolicy policy, int rounds, double bandwidth, double peak)
    {
        // The counting backend closes the memory that it shares with the device.
        using CpuBackend device = new(size.Threads);
        TrainingSettings training = new() { BatchSize = size.Batch };
        MemoryPlan plan = new() { Policy = policy };
        OperationCounter counter = new(size.Threads);
        using ObservedBackend backend = new(device, counter);
        ModelSettings model = new StepCase(
            plan, LipschitzMode.PerBranch, BranchPrecision.Float32, EvaluationPrecision.Full, size, Weights: "")
            .CreateModel();
        using RevUpNet net = new(backend, model, StepSize.Sample, StepSize.Classes, training.Seed);
        MemoryProbe.DrawZeroConvolutions(net, training.Seed);
        using TrainingStep step = new(net, training, plan, new InversionSettings());
        (float[] pixels, float[] targets) = MemoryProbe.RandomBatch(net, training);
        // Norms as they are in the middle of a run, where one power iteration per step follows
        // them.
        for (; step.Count < net.Settings.Lipschitz.StartSteps; step.Count++)
        {
            net.PrepareStep(training.BatchSize, step.Count);
        }
        step.Run(pixels, targets, learningRateFactor: 0);
        counter.Reset();
        for (int round = 0; round < rounds; round++)
        {
            step.Run(pixels, targets, learningRateFactor: 0);
        }
        double evaluations =
            policy == MemoryPolicy.Invert ? step.Engine.Records.ToArray().Average(record => record.Evaluations) : 0;
        OperationTotal all = counter.Totals.Values.Aggregate((a, b) => a + b);
        OperationTotal convolutions =
            counter.Totals.Values.Where(total => total.Operations > 0).Aggregate((a, b) => a + b);
        report.Table(
            [
                "operation", "calls", "GB", "ms", "share of time", "at a copy's rate, ms", "GB/s", "direct, ms",
                "GFLOP/s",
            ],
            counter.Totals.OrderByDescending(entry => entry.Value.Milliseconds)
                .Select(entry => Row(entry.Key, entry.Value)).Append(Row("all", all)));
        double least = new LeastTraffic(size.Batch, policy, evaluations).Of(net);
        return new TrafficRow(
            $"{policy}".ToLowerInvariant(),
            (double)all.Bytes / rounds,
            least,
            convolutions.Operations / rounds,
            convolutions.Milliseconds / rounds,
            all.Milliseconds / rounds);

        string[] Row(string name, OperationTotal total) =>
        [
            name,
            $"{total.Calls / rounds}",
            $"{total.Bytes / rounds / Giga:F3}",
            $"{total.Milliseconds / rounds:F1}",
            $"{total.Milliseconds / all.Milliseconds:P1}",
            $"{MillisecondsPerSecond * total.Bytes / rounds / bandwidth:F1}",
            $"{MillisecondsPerSecond * total.Bytes / Giga / total.Milliseconds:F1}",
            total.Operations > 0 ? $"{MillisecondsPerSecond * total.Operations / rounds / (peak * Giga):F0}" : "",
            total.Operations > 0 ? $"{MillisecondsPerSecond * total.Operations / Giga / total.Milliseconds:F0}" : "",
        ];
    }

    // Bytes read and written per second.
    private static double CopyBandwidth(Backend backend)
    {
        Tensor source = backend.Memory.Allocate(new Shape(CopyElements), ElementType.Float32, MemoryPurpose.Workspace);
        Tensor destination = backend.Memory.Allocate(source.Shape, ElementType.Float32, MemoryPurpose.Workspace);
        backend.Fill(source, 1);
        backend.Cast(source, destination);
        double milliseconds = Statistics.Median(backend.Time(CopyRepeats, () => backend.Cast(source, destination)));
        backend.Memory.Free(source);
        backend.Memory.Free(destination);
        return MillisecondsPerSecond * 2 * source.Bytes / milliseconds;
    }
}
