using RevUp.Tensors;

namespace RevUp.Benchmarks.Studies;

/// <summary>
/// Steps of one contender at one depth, in a process of its own with nothing beside it.
/// </summary>
/// <param name="Sweep">The sweep it belongs to.</param>
/// <param name="Contender">Its name.</param>
/// <param name="Blocks">Blocks of each of the three stages, n.</param>
/// <param name="Channels">Channels of the first stage.</param>
/// <param name="Batch">Samples.</param>
/// <param name="Steps">Steps measured.</param>
/// <param name="Milliseconds">Quartiles of the time of a step.</param>
/// <param name="ActivationPeakBytes">Peak of the arena's activations; 0 for the peer.</param>
/// <param name="ProcessPeakBytes">VmHWM.</param>
/// <param name="MeanEvaluations">k; 0 when nothing was inverted.</param>
/// <param name="Origin">Command, machine and sources.</param>
internal sealed record DepthRow(
    string Sweep,
    string Contender,
    int Blocks,
    int Channels,
    int Batch,
    int Steps,
    Quartiles Milliseconds,
    long ActivationPeakBytes,
    long ProcessPeakBytes,
    double MeanEvaluations,
    Origin Origin) : IMeasured;

/// <summary>
/// Time and memory of a training step against depth: every policy beside the peer, and very deep
/// networks in `invert`.
/// </summary>
internal static class DepthStudy
{
    /// <summary>The name of its results.</summary>
    public const string Result = "depth";

    /// <summary>The sweep of all contenders.</summary>
    public const string Peers = "peers";

    private const string Deep = "deep";

    /// <summary>Networks that differ in their depth.</summary>
    private sealed record Sweep(string Name, int[] Blocks, string[] Contenders, int Channels, int Batch);

    public static void Run(Arguments arguments)
    {
        bool quick = arguments.Quick;
        Sweep[] sweeps =
        [
            new(
                Peers,
                arguments.Integers("--blocks", quick ? "1,2" : "1,3,6,9,12,18"),
                arguments.Words(
                    "--contenders",
                    quick ? "store,checkpoint,invert" : "peer,peer-mmap,store,checkpoint,compress,invert"),
                arguments.Integer("--channels", quick ? 8 : StepSize.PeerChannels),
                arguments.Integer("--batch", quick ? 2 : 128)),
            new(
                Deep,
                arguments.Integers("--deep-blocks", quick ? "1,2,4" : "4,40,400"),
                ["invert"],
                arguments.Integer("--deep-channels", quick ? 8 : 16),
                arguments.Integer("--deep-batch", quick ? 2 : 32)),
        ];
        string[] only = arguments.Words("--only", $"{Peers},{Deep}");
        int steps = arguments.Integer("--steps", quick ? 1 : 5);
        int threads = arguments.Integer("--threads", 2);
        arguments.RequireNoOthers();
        string? unknown = only.FirstOrDefault(name => sweeps.All(sweep => sweep.Name != name));
        ConfigurationException.Require(unknown is null, $"--only has '{unknown}'; there are {Peers} and {Deep}");

        foreach (Sweep sweep in sweeps.Where(sweep => only.Contains(sweep.Name)))
        {
            Array.ForEach(sweep.Contenders, name => Contender.Validate(name, sweep.Channels));
        }

        Report report = new("Time and memory of a training step against depth", arguments, threads);
        sweeps[0] = sweeps[0] with { Contenders = Contender.Possible(sweeps[0].Contenders, report) };
        IReadOnlyList<DepthRow> all = [];
        foreach (Sweep sweep in sweeps.Where(sweep => only.Contains(sweep.Name)))
        {
            foreach (int blocks in sweep.Blocks)
            {
                List<DepthRow> rows =
                    [.. sweep.Contenders.Select(name => Measure(sweep, name, blocks, steps, threads, report.Origin))];
                all = report.Merge(Result, rows, Section, row => (row.Contender, row.Blocks));
            }
        }
        Describe(report, all);
        report.Write(Result);
    }

    /// <summary>The part of the report that a row is in.</summary>
    public static object Section(DepthRow row) => (row.Sweep, row.Channels, row.Batch);

    private static DepthRow Measure(Sweep sweep, string contender, int blocks, int steps, int threads, Origin origin)
    {
        Report.Progress($"{sweep.Name}, n = {blocks}: {contender} ...");
        using Worker worker = new(
            Contender.Start(contender, new StepSize(blocks, sweep.Channels, sweep.Batch, threads), weights: ""));
        worker.Ask<StepSample>();
        StepSample[] samples = [.. Enumerable.Range(0, steps).Select(_ => worker.Ask<StepSample>())];
        return new DepthRow(
            sweep.Name,
            contender,
            blocks,
            sweep.Channels,
            sweep.Batch,
            steps,
            Quartiles.Of([.. samples.Select(sample => sample.Milliseconds)]),
            samples.Max(sample => sample.ActivationPeakBytes),
            samples[^1].ProcessPeakBytes,
            samples.Average(sample => sample.MeanEvaluations),
            origin);
    }

    private static void Describe(Report report, IReadOnlyList<DepthRow> all)
    {
        report.Paragraph(
            """
            The networks of the study `step`, three stages of n blocks each, with last convolutions drawn at random;
            Fixup makes the others smaller the deeper the network, and the contraction with them. Every row is a process
            of its own that nothing runs beside: medians of its steps after one for warming up, with quartiles.
            `ms a block` is the whole step's, with stem, transitions and update. `activations` is the arena's peak,
            `process` is VmHWM: weights, gradients and momentum are in it and grow with n under every policy.
            """);
        foreach (DepthRow[] sweep in all.GroupBy(Section).Select(group => group.ToArray()))
        {
            report.Heading($"{sweep[0].Channels} channels in the first stage, batch {sweep[0].Batch}");
            report.Origins(sweep.Select(row => row.Origin));
            report.Table(
                [
                    "contender", "n", "blocks", "step ms", "quartiles", "ms a block", "activations, bytes",
                    "activations, MiB", "process, MiB", "mean k", "steps",
                ],
                sweep.OrderBy(row => row.Contender, StringComparer.Ordinal).ThenBy(row => row.Blocks).Select(Cells));
            foreach (IGrouping<string, DepthRow> contender in
                sweep.Where(row => row.MeanEvaluations > 0).GroupBy(row => row.Contender))
            {
                report.Paragraph(Verdict(contender.Key, [.. contender.OrderBy(row => row.Blocks)]));
            }
        }
        string[] missing = [.. ((string[])[Peers, Deep]).Except(all.Select(row => row.Sweep))];
        if (missing.Length > 0)
        {
            report.Paragraph($"Not measured yet: `--only {string.Join(',', missing)}`.");
        }
    }

    private static string[] Cells(DepthRow row) =>
    [
        row.Contender,
        $"{row.Blocks}",
        $"{3 * row.Blocks}",
        $"{row.Milliseconds.Median:F0}",
        $"{row.Milliseconds.First:F0} to {row.Milliseconds.Third:F0}",
        $"{row.Milliseconds.Median / (3 * row.Blocks):F1}",
        row.ActivationPeakBytes == 0 ? "" : $"{row.ActivationPeakBytes}",
        row.ActivationPeakBytes == 0 ? "" : Report.MiB(row.ActivationPeakBytes),
        Report.MiB(row.ProcessPeakBytes),
        row.MeanEvaluations == 0 ? "" : $"{row.MeanEvaluations:F2}",
        $"{row.Steps}",
    ];

    // Flat in memory: the same bytes. Linear in time: from each depth to the next, every further
    // block costs as much.
    private static string Verdict(string contender, DepthRow[] rows)
    {
        long[] peaks = [.. rows.Select(row => row.ActivationPeakBytes).Distinct()];
        string memory =
            peaks.Length == 1 ? "the same at every depth, to the byte" : $"from {peaks.Min()} to {peaks.Max()} bytes";
        IEnumerable<string> costs = rows.Zip(rows.Skip(1), (less, more) =>
            $"{(more.Milliseconds.Median - less.Milliseconds.Median) / (3 * (more.Blocks - less.Blocks)):F1} ms from n "
            + $"= {less.Blocks} to {more.Blocks}");
        string time = rows.Length == 1 ? "" : $" A further block costs {string.Join(", ", costs)}.";
        return $"Activations of `{contender}`: {memory}.{time}";
    }
}
