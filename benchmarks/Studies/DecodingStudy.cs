using System.Diagnostics;

namespace RevUp.Benchmarks.Studies;

/// <summary>
/// Decoding of JPEGs for training and evaluation against TurboJPEG's decoding of the whole files;
/// then on all processors, through the whole loader, and for a minute.
/// </summary>
internal static class DecodingStudy
{
    // For each pass of the others: a loader's epoch of few images is over before its time can be
    // told.
    private const int LoaderEpochs = 5;

    private delegate DecodingWork Contender(DecodingImages images);

    private static readonly (string Name, Contender Make)[] s_contenders =
    [
        ("TurboJPEG, the whole image to RGB", images => new TurboJpegWork(images)),
        ("RevUp, the same", images => new WholeImageWork(images)),
        ("RevUp, RandomResizedCrop, flip, normalise", images => new SampleWork(images, SampleWork.Training)),
        ("RevUp, evaluation's resize and centre crop, normalise", images => new SampleWork(
            images, SampleWork.Evaluation)),
    ];

    public static void Run(Arguments arguments)
    {
        string folder = arguments.Text("--images", "");
        int rounds = arguments.Integer("--rounds", 9);
        int passes = arguments.Integer("--passes", 2);
        int seconds = arguments.Integer("--seconds", 60);
        int threads = arguments.Integer("--threads", Environment.ProcessorCount);
        arguments.RequireNoOthers();

        DecodingImages images = DecodingImages.Read(folder);
        Report report = new("Decoding JPEGs", arguments, threads);
        report.Paragraph(
            $"{images.Description} Samples have {SampleWork.Side}×{SampleWork.Side} pixels; the files are in memory.");
        ReportOneCore(report, images, rounds, passes);
        ReportScaling(report, images, rounds, passes, threads);
        ReportLoader(report, images, folder, rounds, passes);
        ReportCollections(report, images, seconds, threads);
        report.Write("decoding");
    }

    private static void ReportOneCore(Report report, DecodingImages images, int rounds, int passes)
    {
        List<double>[] rates = [.. s_contenders.Select(_ => new List<double>())];
        DecodingWork[] works = [.. s_contenders.Select(contender => contender.Make(images))];
        for (int round = -1; round < rounds; round++)
        {
            Report.Progress(round < 0 ? "warming up ..." : $"one core, round {round + 1} of {rounds} ...");
            for (int i = 0; i < works.Length; i++)
            {
                TimeSpan before = Process.GetCurrentProcess().TotalProcessorTime;
                works[i].Run(passes);
                double time = (Process.GetCurrentProcess().TotalProcessorTime - before).TotalSeconds;
                if (round >= 0)
                {
                    rates[i].Add(passes * images.Count / time);
                }
            }
        }
        foreach (DecodingWork work in works)
        {
            work.Dispose();
        }

        report.Heading("One core");
        report.Paragraph(
            $"Images per second of processor time on one thread; medians of {rounds} rounds of {passes} passes over "
            + "the files, the contenders taking turns in "
            + "one process. Ratios are of the same round.");
        report.Table(
            ["contender", "images/s", "of TurboJPEG's", "lowest", "highest"],
            s_contenders
                .Select(
                    (contender, i) =>
                        Row(contender.Name, rates[i], [.. rates[i].Zip(rates[0], (rate, whole) => rate / whole)])));
    }

    private static string[] Row(string name, List<double> rates, double[] ratios) =>
        [
            name,
            $"{Statistics.Median(rates):F0}",
            $"{Statistics.Median(ratios):F2}",
            $"{ratios.Min():F2}",
            $"{ratios.Max():F2}",
        ];

    private static void ReportScaling(Report report, DecodingImages images, int rounds, int passes, int threads)
    {
        List<double> one = [], all = [];
        for (int round = 0; round < rounds; round++)
        {
            Report.Progress($"1 and {threads} threads, round {round + 1} of {rounds} ...");
            one.Add(Rate(images, passes, threads: 1));
            all.Add(Rate(images, passes, threads));
        }
        report.Heading("All processors");
        report.Paragraph(
            $"Training samples, by the clock: {Statistics.Median(one):F0} images/s on one thread, "
            + $"{Statistics.Median(all):F0} on {threads}; "
            + $"{Statistics.Median(all.Zip(one, (many, single) => many / single)):F2} times as many (medians of "
            + $"{rounds} pairs).");
    }

    private static void ReportLoader(Report report, DecodingImages images, string folder, int rounds, int passes)
    {
        int epochs = LoaderEpochs * passes;
        List<double> whole = [], single = [], both = [];
        for (int round = 0; round < rounds; round++)
        {
            Report.Progress($"loader, round {round + 1} of {rounds} ...");
            whole.Add(Rate(images, passes, [new TurboJpegWork(images)]));
            single.Add(DecodingLoader.Rate(folder, workers: 1, epochs));
            both.Add(DecodingLoader.Rate(folder, workers: 2, epochs));
        }
        report.Heading("The whole loader");
        report.Paragraph(
            "Training samples from files in folders, in batches, by the clock, beside TurboJPEG on one thread; "
            + $"medians of {rounds} rounds of {epochs} epochs. "
            + "Ratios are of the same round.");
        report.Table(
            ["contender", "images/s", "of TurboJPEG's", "lowest", "highest"],
            [
                Row(s_contenders[0].Name, whole, [.. whole.Select(_ => 1.0)]),
                Row("RevUp, 1 worker", single, [.. single.Zip(whole, (rate, turbo) => rate / turbo)]),
                Row("RevUp, 2 workers", both, [.. both.Zip(whole, (rate, turbo) => rate / turbo)]),
            ]);
    }

    private static double Rate(DecodingImages images, int passes, int threads) =>
        Rate(
            images, passes, [.. Enumerable.Range(0, threads).Select(_ => new SampleWork(images, SampleWork.Training))]);

    // Images per second by the clock, a thread for each work.
    private static double Rate(DecodingImages images, int passes, DecodingWork[] works)
    {
        long start = Stopwatch.GetTimestamp();
        RunOnThreads(works, work => work.Run(passes));
        return works.Length * passes * images.Count / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    private static void ReportCollections(Report report, DecodingImages images, int seconds, int threads)
    {
        Report.Progress($"{seconds} s on {threads} threads ...");
        DecodingWork[] works =
            [.. Enumerable.Range(0, threads).Select(_ => new SampleWork(images, SampleWork.Training))];
        long decoded = 0, allocated = GC.GetTotalAllocatedBytes(precise: true);
        int[] collections = [.. Enumerable.Range(0, 3).Select(GC.CollectionCount)];
        long start = Stopwatch.GetTimestamp();
        RunOnThreads(works, work =>
        {
            while (Stopwatch.GetElapsedTime(start).TotalSeconds < seconds)
            {
                work.Run(passes: 1);
                Interlocked.Add(ref decoded, images.Count);
            }
        });
        report.Heading("Garbage");
        allocated = GC.GetTotalAllocatedBytes(precise: true) - allocated;
        string collected = string.Join(
            ", ", collections.Select((before, i) => $"{GC.CollectionCount(i) - before} collections of generation {i}"));
        report.Paragraph(
            $"{decoded} training samples in {seconds} s on {threads} threads: {allocated} managed bytes allocated, the "
            + $"threads' own included; {collected}.");
    }

    private static void RunOnThreads(DecodingWork[] works, Action<DecodingWork> run)
    {
        Thread[] threads = [.. works.Select(work => new Thread(() => run(work)))];
        Array.ForEach(threads, thread => thread.Start());
        Array.ForEach(threads, thread => thread.Join());
        Array.ForEach(works, work => work.Dispose());
    }
}
