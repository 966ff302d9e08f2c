using System.Diagnostics;

namespace RevUp.Benchmarks.Studies;

/// <summary>
/// A whole training step of RevUp under each policy and of the TorchSharp peer, on the same network and batch, alternated: in every round each contender, a
/// process that stays alive, does one step while the others wait.
/// </summary>
internal static class StepStudy
{
    private const string Peer = "peer";

    public static void Run(Arguments arguments)
    {
        int[] depths = arguments.Integers("--blocks", "9");
        int rounds = arguments.Integer("--rounds", 5);
        int batch = arguments.Integer("--batch", 128);
        int threads = arguments.Integer("--threads", 2);
        string[] contenders = arguments.Words("--contenders", "peer,store-unconstrained,store,checkpoint,invert");
        arguments.RequireNoOthers();

        Report report = new("Time and memory of a whole training step, beside TorchSharp", arguments, threads);
        report.Paragraph(
            $"""
            Network: 3×3 stem, 3 stages of 64/128/256 channels with n basic pre-activation Fixup blocks each, strided 3×3 transitions, {batch} images of
            32×32×3, float32, SGD with momentum. Peer: TorchSharp, channels-last, autograd with every activation stored (`peer-torchsharp`); `peer-mmap` is
            the same with MALLOC_MMAP_THRESHOLD_=65536, which gives freed memory back at once.

            RevUp controls the Lipschitz constant of every block (c = 0.9, one power iteration per convolution and step); `store-unconstrained` is without it,
            the peer's very mathematics. Last convolutions are drawn at random, which takes every block to its bound. `invert` is at the default tolerance.

            {rounds} rounds after one step each for warming up; in every round each contender does one step while the others wait. Ratios are to the peer's step
            of the same round. `process` is VmHWM of a process that does nothing else.
            """);
        foreach (int blocks in depths)
        {
            List<(string Name, StepSample[] Samples)> measured = Measure(contenders, blocks, batch, threads, rounds);
            report.Heading($"n = {blocks}");
            report.Table(
                [
                    "contender", "parameters, M", "median ms", "ratio to the peer: median", "least", "largest", "process, MiB", "activations, MiB", "mean k",
                    "max k", "worst residual",
                ],
                measured.Select(row => Row(row.Name, row.Samples, measured.Find(other => other.Name == Peer).Samples)));
        }
        report.Write("step");
    }

    private static List<(string Name, StepSample[] Samples)> Measure(string[] names, int blocks, int batch, int threads, int rounds)
    {
        List<(string Name, Worker Worker)> workers = [];
        try
        {
            foreach (string name in names)
            {
                Report.Progress($"n = {blocks}: {name} warms up ...");
                Worker worker = new(Contender(name, blocks, batch, threads));
                workers.Add((name, worker));
                worker.Ask<StepSample>();
            }
            StepSample[][] samples = [.. names.Select(_ => new StepSample[rounds])];
            for (int round = 0; round < rounds; round++)
            {
                for (int i = 0; i < names.Length; i++)
                {
                    // Each round starts with another contender, so that none is always the one after the slowest.
                    int index = (round + i) % names.Length;
                    samples[index][round] = workers[index].Worker.Ask<StepSample>();
                    Report.Progress($"n = {blocks}, round {round + 1}/{rounds}: {names[index]} {samples[index][round].Milliseconds:F0} ms");
                }
            }
            return [.. names.Zip(samples)];
        }
        finally
        {
            workers.ForEach(worker => worker.Worker.Dispose());
        }
    }

    private static ProcessStartInfo Contender(string name, int blocks, int batch, int threads) => name switch
    {
        Peer => TorchSharpPeer.Start(blocks, batch, threads),
        "peer-mmap" => TorchSharpPeer.Start(blocks, batch, threads, ("MALLOC_MMAP_THRESHOLD_", "65536")),
        "store-unconstrained" => RevUp("store", "none", blocks, batch, threads),
        "store" or "checkpoint" or "invert" => RevUp(name, "perBranch", blocks, batch, threads),
        _ => throw new ConfigurationException($"--contenders has '{name}'; there are peer, peer-mmap, store-unconstrained, store, checkpoint and invert."),
    };

    private static ProcessStartInfo RevUp(string policy, string lipschitz, int blocks, int batch, int threads) =>
        Worker.Self(StepWorker.Name, policy, lipschitz, $"{blocks}", $"{batch}", $"{threads}");

    private static string[] Row(string name, StepSample[] samples, StepSample[]? peer)
    {
        StepSample last = samples[^1];
        double[] ratios = peer is null ? [double.NaN] : [.. samples.Zip(peer, (own, other) => own.Milliseconds / other.Milliseconds)];
        bool inverts = last.MaxEvaluations > 0;
        return
        [
            name,
            $"{last.Parameters / 1e6:F2}",
            $"{Statistics.Median(samples.Select(sample => sample.Milliseconds)):F0}",
            $"{Statistics.Median(ratios):F2}",
            $"{ratios.Min():F2}",
            $"{ratios.Max():F2}",
            Report.MiB(last.ProcessPeakBytes),
            last.ActivationPeakBytes == 0 ? "" : Report.MiB(last.ActivationPeakBytes),
            inverts ? $"{samples.Average(sample => sample.MeanEvaluations):F2}" : "",
            inverts ? $"{samples.Max(sample => sample.MaxEvaluations)}" : "",
            inverts ? $"{samples.Max(sample => sample.MaxResidual):0.0e-0}" : "",
        ];
    }
}
