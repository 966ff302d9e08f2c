using System.Diagnostics;
using RevUp.Backends.Cpu;
using RevUp.Data;
using RevUp.Models;
using RevUp.Planning;
using RevUp.Recipes;
using RevUp.Training;

namespace RevUp.Benchmarks.Studies;

/// <summary>
/// The cost of loading data: an epoch of training steps on batches from the loader, against as many
/// steps on one batch that stays in memory.
/// </summary>
internal static class LoadingStudy
{
    private const string Result = "loading";

    public static void Run(Arguments arguments)
    {
        bool quick = arguments.Quick;
        Recipe recipe = arguments.Recipe("fashion-mnist-short");
        int rounds = arguments.Integer("--rounds", quick ? 2 : 7);
        int steps = arguments.IntegerOrZero("--steps", 0);
        int fromEpoch = arguments.IntegerOrZero("--from-epoch", 0);
        int workers = arguments.Integer("--workers", recipe.Data.Workers);
        int threads = arguments.Integer("--threads", Environment.ProcessorCount);
        arguments.RequireNoOthers();
        recipe = recipe with { Data = recipe.Data with { Workers = workers } };
        recipe.Validate();

        Report report = new("The cost of loading data", arguments, threads);
        using ImageDataset data = Datasets.Open(recipe.Data, DatasetSplit.Train);
        using BatchLoader loader = new(data, Datasets.Normalization(recipe.Data, data), recipe.TrainingBatches);
        steps = steps == 0 ? loader.BatchesPerEpoch : steps;
        using CpuBackend backend = new(threads);
        using RevUpNet net = new(
            backend, recipe.Model, recipe.Data.Sample, recipe.Data.ClassCount, recipe.Training.Seed);
        MemoryProbe.DrawZeroConvolutions(net, recipe.Training.Seed);
        using TrainingStep step = new(net, recipe.Training, recipe.Reversible.Plan, recipe.Reversible.Inversion);
        using IEnumerator<Batch> batches = Batches(loader, fromEpoch);
        (double Loaded, double Resident)[] times = Measure(
            net, step, batches, recipe.TrainingBatches.Prefetch,
            recipe.Model.Lipschitz.StartSteps + 1, steps, rounds);
        LoadingRow row = new(
            recipe.Name,
            $"{recipe.Data.Dataset}",
            MemoryTable.Name(recipe.Reversible.Policies.Policy),
            recipe.Training.BatchSize,
            workers,
            steps,
            rounds,
            Quartiles.Of([.. times.Select(time => time.Loaded)]),
            Quartiles.Of([.. times.Select(time => time.Resident)]),
            Quartiles.Of([.. times.Select(time => time.Loaded / time.Resident)]),
            report.Origin)
        {
            FromEpoch = fromEpoch,
        };
        Describe(report, report.Merge(Result, [row], Section, other => (other.Workers, other.FromEpoch)));
        DescribeBusy(report, rounds);
        report.Write(Result);
    }

    private static object Section(LoadingRow row) => (row.Recipe, row.Data);

    // The batches of earlier epochs are read and dropped.
    private static IEnumerator<Batch> Batches(BatchLoader loader, int fromEpoch)
    {
        for (int epoch = 0; epoch < fromEpoch; epoch++)
        {
            foreach (Batch batch in loader.Epoch(epoch))
            {
                batch.Dispose();
            }
        }
        return Enumerable.Range(fromEpoch, int.MaxValue - fromEpoch)
            .SelectMany(epoch => loader.Epoch(epoch)).GetEnumerator();
    }

    private static (double Loaded, double Resident)[] Measure(
        RevUpNet net, TrainingStep step, IEnumerator<Batch> batches, int prefetch, int warmups, int steps, int rounds)
    {
        batches.MoveNext();
        float[] pixels = batches.Current.Pixels.ToArray(net.Backend, net.Sample);
        float[] targets = batches.Current.Targets.ToArray();
        // At rate 0 the update costs the same and the weights stay: every step trains one network.
        void Resident() => step.Run(pixels, targets, learningRateFactor: 0);
        void Loaded()
        {
            batches.MoveNext();
            step.Run(batches.Current.Pixels, batches.Current.Targets, learningRateFactor: 0);
        }

        // The first steps iterate more often on the norms.
        Time(Resident, warmups);
        (double Loaded, double Resident)[] times = new (double, double)[rounds];
        for (int round = 0; round < rounds; round++)
        {
            Report.Progress($"round {round + 1}/{rounds}, {steps} steps each ...");
            double resident = round % 2 == 0 ? Time(Resident, steps) : 0;
            // Batches that the workers have prepared meanwhile are used up first: the first counted
            // step shows a slow loader.
            Time(Loaded, prefetch + 1);
            double loaded = Time(Loaded, steps);
            times[round] = (loaded, round % 2 == 0 ? resident : Time(Resident, steps));
        }
        return times;
    }

    // Milliseconds of one step.
    private static double Time(Action step, int steps)
    {
        long start = Stopwatch.GetTimestamp();
        for (int i = 0; i < steps; i++)
        {
            step();
        }
        return Stopwatch.GetElapsedTime(start).TotalMilliseconds / steps;
    }

    private static void Describe(Report report, IReadOnlyList<LoadingRow> all)
    {
        report.Paragraph(
            """
            In every round as many steps on batches from the loader, with the recipe's augmentation, as on one batch
            that stays in memory; who is first changes from round to round. What the loader had prepared is used up
            before its time begins. Images that fit into `data.cacheBytes` are decoded in epoch 0 and kept. Medians
            over the rounds, with quartiles.
            """);
        report.Origins(all.Select(row => row.Origin));
        report.Table(LoadingRow.Columns, all.Select(row => row.Cells()));
    }

    private static void DescribeBusy(Report report, int rounds)
    {
        report.Paragraph(
            $"""
            Workers that are inside a reader at once, of {BusyWorkers.Workers}, where a reader waits
            {BusyWorkers.Milliseconds} ms for each sample: the time inside readers over the time that the batches took.
            """);
        Quartiles busy = Quartiles.Of([.. Enumerable.Range(0, rounds).Select(_ => BusyWorkers.Measure())]);
        report.Table(
            ["workers", "busy", "quartiles", "at least 15", "rounds"],
            [
                [
                    $"{BusyWorkers.Workers}", $"{busy.Median:F2}", $"{busy.First:F2} to {busy.Third:F2}",
                    busy.Median >= 15 ? "met" : "missed", $"{rounds}",
                ],
            ]);
    }
}
