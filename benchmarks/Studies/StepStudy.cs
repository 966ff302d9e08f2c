namespace RevUp.Benchmarks.Studies;

/// <summary>
/// A whole training step of RevUp under each policy and of the TorchSharp peer, on the same network
/// and batch, alternated: in every round each contender, a process that stays alive, does one step
/// while the others wait.
/// </summary>
internal static class StepStudy
{
    private const string Result = "step";

    private static readonly int[] s_depths = [3, 9, 18];

    private static readonly string[] s_contenders =
    [
        Contender.Peer, Contender.PeerReturning, "store-unconstrained", "store", "checkpoint", "compress",
        "compress-4-bit", "invert", "invert-bf16",
    ];

    public static void Run(Arguments arguments)
    {
        bool quick = arguments.Quick;
        int[] depths = arguments.Integers("--blocks", quick ? "1" : string.Join(',', s_depths));
        int rounds = arguments.Integer("--rounds", quick ? 2 : 9);
        int batch = arguments.Integer("--batch", quick ? 2 : 128);
        int channels = arguments.Integer("--channels", quick ? 8 : StepSize.PeerChannels);
        int threads = arguments.Integer("--threads", 2);
        int trained = arguments.IntegerOrZero("--trained", quick ? 2 : 100);
        string[] contenders = arguments.Words(
            "--contenders",
            quick ? "store,checkpoint,invert" : string.Join(',', s_contenders));
        arguments.RequireNoOthers();
        Array.ForEach(contenders, name => Contender.Validate(name, channels));

        Report report = new("Time and memory of a whole training step, beside TorchSharp", arguments, threads);
        contenders = Contender.Possible(contenders, report);
        IReadOnlyList<StepRow> all = [];
        foreach (int blocks in depths)
        {
            StepSize size = new(blocks, channels, batch, threads);
            StepSample[][] samples = Measure(
                contenders, size, trained == 0 ? "" : size.TrainedWeights(trained), rounds);
            int peer = Array.IndexOf(contenders, Contender.Peer);
            // Written after every depth: a call that is stopped keeps what it has.
            all = report.Merge(
                Result,
                [
                    .. contenders.Select((name, index) =>
                        Row(
                            name, size, samples[index], Contender.UsesWeights(name) ? trained : 0,
                            peer < 0 ? null : samples[peer], report.Origin)),
                ],
                Section,
                row => row.Contender);
        }
        Describe(report, all);
        report.Write(Result);
    }

    private static StepSample[][] Measure(string[] names, StepSize size, string weights, int rounds)
    {
        List<Worker> workers = [];
        try
        {
            foreach (string name in names)
            {
                Report.Progress($"n = {size.Blocks}: {name} warms up ...");
                workers.Add(new Worker(Contender.Start(name, size, Contender.UsesWeights(name) ? weights : "")));
                workers[^1].Ask<StepSample>();
            }
            StepSample[][] samples = [.. names.Select(_ => new StepSample[rounds])];
            for (int round = 0; round < rounds; round++)
            {
                for (int i = 0; i < names.Length; i++)
                {
                    // Each round starts with another contender, so that none is always the one
                    // after the slowest.
                    int index = (round + i) % names.Length;
                    samples[index][round] = workers[index].Ask<StepSample>();
                    Report.Progress(
                        $"n = {size.Blocks}, round {round + 1}/{rounds}: {names[index]} "
                        + $"{samples[index][round].Milliseconds:F0} ms");
                }
            }
            return samples;
        }
        finally
        {
            workers.ForEach(worker => worker.Dispose());
        }
    }

    private static StepRow Row(
        string name, StepSize size, StepSample[] samples, int trained, StepSample[]? peer, Origin origin) =>
        new(
        size.Blocks,
        size.Channels,
        size.Batch,
        name,
        samples.Length,
        trained,
        Quartiles.Of([.. samples.Select(sample => sample.Milliseconds)]),
        peer is null
            ? null
            : Quartiles.Of([.. samples.Zip(peer, (own, other) => own.Milliseconds / other.Milliseconds)]),
        samples[^1].Parameters,
        samples[^1].ProcessPeakBytes,
        samples.Max(sample => sample.ActivationPeakBytes),
        samples.Average(sample => sample.MeanEvaluations),
        samples.Max(sample => sample.MaxEvaluations),
        samples.Max(sample => sample.MaxResidual),
        origin);

    private static void Describe(Report report, IReadOnlyList<StepRow> all)
    {
        report.Paragraph(
            $"""
            Network: 3×3 stem, 3 stages with n basic pre-activation Fixup blocks each and doubling channels, strided 3×3
            transitions, images of 32×32×3, SGD with momentum; float32, but for the branches of `bf16`. Peer:
            TorchSharp, channels-last, autograd with every activation stored (`peer-torchsharp`); `peer-mmap` is the
            same with MALLOC_MMAP_THRESHOLD_=65536, which gives freed memory back at once.

            RevUp controls the Lipschitz constant of every block (c = 0.9, one power iteration per convolution and
            step); `unconstrained` is without it, the peer's very mathematics, and always with last convolutions drawn
            at random. The others have weights that `store` trained on made-up patterns in batches of up to
            {StepSize.LargestTrainingBatch}, as many steps as each section says (0: drawn at random). `invert` is at its
            default tolerance.

            One step each for warming up, then rounds, in each of which every contender does one step while the others
            wait. Medians with quartiles; ratios are to the peer's step of the same round. `process` is VmHWM of a
            process that does nothing else, weights and optimiser included.
            """);
        foreach (IGrouping<Part, StepRow> depth in all.GroupBy(Section).OrderBy(group => group.Key.Blocks))
        {
            IEnumerable<int> trained = depth.Where(row => Contender.UsesWeights(row.Contender))
                .Select(row => row.TrainedSteps).DefaultIfEmpty(0).Distinct();
            report.Heading($"n = {depth.Key.Blocks}, {depth.Key.Machine}");
            report.Origins(depth.Select(row => row.Origin));
            report.Paragraph(
                $"{depth.Key.Channels} channels in the first stage, batch {depth.Key.Batch}; trained for "
                + $"{string.Join(" or ", trained)} steps.");
            long peerBytes = depth.Where(row => Contender.IsPeer(row.Contender)).Select(row => row.ProcessPeakBytes)
                .DefaultIfEmpty(0).Min();
            report.Table(StepRow.Columns, depth.OrderBy(Place).Select(row => row.Cells(peerBytes)));
        }
        int[] missing = [.. s_depths.Except(all.Select(row => row.Blocks))];
        if (missing.Length > 0)
        {
            report.Paragraph($"Not measured yet: n = {string.Join(", ", missing)}.");
        }
    }

    private static Part Section(StepRow row) => new(row.Blocks, row.Channels, row.Batch, row.Origin.Machine);

    // The parts of a section come in any order; names of one's own are last.
    private static int Place(StepRow row) =>
        (Array.IndexOf(s_contenders, row.Contender) + s_contenders.Length + 1) % (s_contenders.Length + 1);

    /// <summary>Rows of one table: sizes on one machine.</summary>
    private sealed record Part(int Blocks, int Channels, int Batch, string Machine);
}
