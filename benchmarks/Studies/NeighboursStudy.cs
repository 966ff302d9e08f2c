using RevUp.Backends.Cpu;
using RevUp.Data;
using RevUp.Inference;
using RevUp.Models;
using RevUp.Planning;
using RevUp.Runs;
using RevUp.Tensors;

namespace RevUp.Benchmarks.Studies;

/// <summary>
/// Training steps and predictions on a machine that does other work as well: beside none, one and
/// two busy loops, alternated with TorchSharp and ONNX Runtime.
/// </summary>
internal static class NeighboursStudy
{
    private const string Result = "neighbours";
    private const string SmallRecipe = "fashion-mnist";
    private const string TorchSharp = "TorchSharp";
    private const string OnnxRuntime = "ONNX Runtime";

    private static readonly (string Preset, Shape Sample, int Classes)[] s_predictors =
        [("revup-38", new Shape(1, 32, 32, 3), 10), ("revup-50", new Shape(1, 224, 224, 3), 1000)];

    public static void Run(Arguments arguments)
    {
        bool quick = arguments.Quick;
        string[] parts = arguments.Words("--only", quick ? "step" : "step,prediction");
        int rounds = arguments.Integer("--rounds", quick ? 2 : 9);
        int repeats = arguments.Integer("--repeats", quick ? 1 : 5);
        int[] neighbours = arguments.IntegersOrZero("--neighbours", "0,1,2");
        int[] threads = arguments.Integers("--threads", "1,2");
        int[] batches = arguments.Integers("--batches", "1,16,64");
        string[] presets = arguments.Words("--presets", string.Join(',', s_predictors.Select(one => one.Preset)));
        string[] peers = arguments.Words("--peers", quick ? "none" : "torchsharp,onnxruntime");
        arguments.RequireNoOthers();

        Report report = new("Steps and predictions beside other work", arguments, threads.Max());
        IReadOnlyList<NeighbourRow> all = [];
        if (parts.Contains("step"))
        {
            Add("a training step of the recipe fashion-mnist, batch 64", repeats, Steps(threads.Max()));
            if (peers.Contains("torchsharp"))
            {
                Add("a training step of 3 blocks of 64, 128, 256 channels, batch 32", repeats, Twins(threads.Max()));
            }
        }
        if (parts.Contains("prediction"))
        {
            foreach ((string preset, Shape sample, int classes) in
                s_predictors.Where(one => presets.Contains(one.Preset)))
            {
                (string model, string onnx) = Export(preset, sample, classes);
                foreach (int batch in batches)
                {
                    foreach (int count in threads)
                    {
                        // Short predictions are repeated more, so that a round is longer than a
                        // time slice.
                        int times = sample.Extent(0) > 32 ? 1 : Math.Max(1, 16 * repeats / batch);
                        NeighbourContender[] both = Predictions(model, onnx, sample, count, batch);
                        Add(
                            $"a prediction of {preset}, {sample.Extent(0)}×{sample.Extent(1)}, batch {batch}, {count} "
                            + "thread"
                                + (count == 1 ? "" : "s"),
                            times,
                            peers.Contains("onnxruntime") ? both : both[..1]);
                    }
                }
            }
        }
        Describe(report, all);
        report.Write(Result);

        void Add(string work, int times, NeighbourContender[] contenders) => all = report.Merge(
            Result,
            Measure(work, contenders, neighbours, rounds, times, report.Origin),
            row => row.Work,
            row => (row.Contender, row.Neighbours));
    }

    private static NeighbourContender[] Steps(int threads) =>
    [
        new("revup", Worker.Self(NeighbourWorker.StepName, SmallRecipe, $"{threads}")),
        new NeighbourContender("revup, passive waits", Worker.Self(NeighbourWorker.StepName, SmallRecipe, $"{threads}"))
            .With("OMP_WAIT_POLICY", "passive"),
    ];

    private static NeighbourContender[] Twins(int threads)
    {
        StepSize size = new(Blocks: 1, StepSize.PeerChannels, Batch: 32, threads);
        return
        [
            Twin("revup, store", "store-unconstrained"),
            Twin("revup, invert", "invert"),
            Twin(TorchSharp, Contender.Peer),
        ];

        NeighbourContender Twin(string name, string contender) =>
            new(name, Contender.Start(contender, size, ""), name == TorchSharp ? null : TorchSharp)
            {
                Ask = worker => worker.Ask<StepSample>().Milliseconds,
            };
    }

    private static NeighbourContender[] Predictions(string model, string onnx, Shape sample, int threads, int batch)
    {
        long[] shape = [batch, .. AxisOrders.Dimensions(sample, AxisOrder.ChannelsFirst).Skip(1)];
        return
        [
            new("revup", Worker.Self(NeighbourWorker.PredictionName, model, $"{threads}", $"{batch}"), OnnxRuntime),
            new(OnnxRuntime, OnnxRuntimePeer.Start(onnx, threads, shape)),
        ];
    }

    // A network with random last convolutions, as RevUp's and as ONNX's file.
    private static (string Model, string Onnx) Export(string preset, Shape sample, int classes)
    {
        string folder = Checkout.Path("artifacts", "studies", "neighbours");
        Directory.CreateDirectory(folder);
        string model = Path.Combine(folder, $"{preset}.safetensors"), onnx = Path.Combine(folder, $"{preset}.onnx");
        using CpuBackend backend = new();
        using RevUpNet net = new(backend, ModelPresets.Get(preset), sample, classes, seed: 1);
        MemoryProbe.DrawZeroConvolutions(net, seed: 1);
        // Power iteration, so that the networks contract as trained ones do.
        for (int step = 0; step < 10; step++)
        {
            net.PrepareStep(1, step);
        }
        Checkpoint.SaveModel(
            net, model, new ChannelNormalization([0, 0, 0], [1, 1, 1]),
            [.. Enumerable.Range(0, classes).Select(i => $"{i}")]);
        OnnxFile.Write(net, onnx);
        return (model, onnx);
    }

    private static NeighbourRow[] Measure(
        string work, NeighbourContender[] contenders, int[] neighbours, int rounds, int repeats, Origin origin)
    {
        List<Worker> workers = [];
        try
        {
            foreach (NeighbourContender contender in contenders)
            {
                workers.Add(new Worker(contender.Start));
                Mean(contender, workers[^1], repeats);
            }
            Dictionary<(int Contender, int Neighbours), double[]> times = [];
            foreach (int count in neighbours)
            {
                using BusyLoops loops = new(count);
                for (int i = 0; i < contenders.Length; i++)
                {
                    times[(i, count)] = new double[rounds];
                }
                for (int round = 0; round < rounds; round++)
                {
                    for (int i = 0; i < contenders.Length; i++)
                    {
                        int index = (round + i) % contenders.Length;
                        times[(index, count)][round] = Mean(contenders[index], workers[index], repeats);
                    }
                }
                Report.Progress($"{work}, {count} busy: " + string.Join(
                    ", ", contenders.Select((one, i) => $"{one.Name} {Statistics.Median(times[(i, count)]):F1} ms")));
            }
            return [.. contenders.SelectMany((one, i) => neighbours.Select(count => Row(one, i, count)))];

            NeighbourRow Row(NeighbourContender one, int i, int count)
            {
                double[] own = times[(i, count)];
                int peer = Array.FindIndex(contenders, other => other.Name == one.Peer);
                return new NeighbourRow(
                    work,
                    one.Name,
                    count,
                    rounds,
                    Quartiles.Of(own),
                    Statistics.Median(own) / Statistics.Median(times[(i, neighbours[0])]),
                    peer < 0 ? null : Quartiles.Of([.. own.Zip(times[(peer, count)], (a, b) => a / b)]),
                    origin);
            }
        }
        finally
        {
            workers.ForEach(worker => worker.Dispose());
        }
    }

    private static double Mean(NeighbourContender contender, Worker worker, int repeats) =>
        Enumerable.Range(0, repeats).Average(_ => contender.Ask(worker));

    private static void Describe(Report report, IReadOnlyList<NeighbourRow> rows)
    {
        report.Paragraph(
            """
            Every contender is a process that stays alive. In each round every contender works while the others wait;
            the neighbours are processes of normal priority that compute all the time and are not bound to a processor.
            A time is the mean of a few steps or predictions in a row; medians of all rounds with quartiles. A fair
            scheduler gives two threads on two processors 2/3 of the machine beside one busy loop and 1/2 beside two.
            """);
        foreach (IGrouping<string, NeighbourRow> section in rows.GroupBy(row => row.Work))
        {
            report.Heading(section.Key);
            report.Origins(section.Select(row => row.Origin));
            report.Table(NeighbourRow.Columns, section.OrderBy(row => row.Neighbours).Select(row => row.Cells()));
        }
    }
}
