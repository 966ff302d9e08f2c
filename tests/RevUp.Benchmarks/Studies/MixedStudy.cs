using RevUp.Backends.Cpu;
using RevUp.Data;
using RevUp.Models;
using RevUp.Recipes;
using RevUp.Reversible;
using RevUp.Runs;
using RevUp.Tensors;
using RevUp.Training;

namespace RevUp.Benchmarks.Studies;

/// <summary>What a first evaluation in bfloat16 saves an inversion, and what it costs: step time, memory, gradient error, accuracy after training.</summary>
internal static class MixedStudy
{
    private static readonly EvaluationPrecision[] s_precisions = [EvaluationPrecision.Full, EvaluationPrecision.Mixed];

    private static readonly (MemoryPolicy Policy, EvaluationPrecision Evaluations)[] s_timed =
        [(MemoryPolicy.Checkpoint, EvaluationPrecision.Full), .. s_precisions.Select(precision => (MemoryPolicy.Invert, precision))];

    /// <summary>How one training ended.</summary>
    private sealed record Ending(EvaluationPrecision Evaluations, int Seed, double Top1, double Loss, long Replays);

    /// <summary>One gradient of a trained network.</summary>
    private sealed record Gradient(EvaluationPrecision Evaluations, double Tolerance, double Error, double MeanEvaluations, double Residual);

    /// <summary>Steps of one kind in turn with the others.</summary>
    private sealed record Timing(MemoryPolicy Policy, EvaluationPrecision Evaluations, double[] Ratios, MemoryUse Peak);

    public static void Run(Arguments arguments)
    {
        Recipe recipe = arguments.Recipe("fashion-mnist-short");
        int[] seeds = arguments.Integers("--seeds", arguments.Quick ? "1" : "1,2,3");
        int epochs = arguments.Integer("--epochs", recipe.Training.Epochs);
        double[] tolerances = arguments.Fractions("--tolerances", "1e-1,1e-2,1e-3");
        int rounds = arguments.Integer("--rounds", arguments.Quick ? 2 : 41);
        int threads = arguments.Integer("--threads", Environment.ProcessorCount);
        arguments.RequireNoOthers();

        Report report = new($"`invert` with a first evaluation in bfloat16: {recipe.Name}", arguments, threads);
        using CpuBackend backend = new(threads);
        List<Ending> endings = [];
        List<Gradient> gradients = [];
        List<Timing> timings = [];
        foreach (int seed in seeds)
        {
            Recipe own = recipe with { Training = recipe.Training with { Seed = (ulong)seed, Epochs = epochs } };
            foreach (EvaluationPrecision precision in s_precisions)
            {
                Report.Progress($"seed {seed}, {Name(precision)} ...");
                Recipe variant = own with { Reversible = own.Reversible with { Policy = MemoryPolicy.Invert, Evaluations = precision } };
                using RecipeTrainer trainer = new(backend, variant, MemoryPolicy.Invert);
                int steps = epochs * trainer.BatchesPerEpoch;
                trainer.Train(steps, steps);
                EvaluationResult test = Test(trainer.Network, variant);
                endings.Add(new Ending(precision, seed, test.Top1, test.Loss, trainer.Step.Engine.Replays));
                if (precision == EvaluationPrecision.Full)
                {
                    (float[] Pixels, float[] Targets) batch = trainer.Batches(epoch: epochs, count: 1)[0];
                    gradients.AddRange(Gradients(trainer, own, tolerances, batch));
                    timings.AddRange(Timings(trainer.Network, own, rounds, batch));
                }
            }
        }
        Describe(report, recipe, epochs, endings);
        Describe(report, gradients);
        Describe(report, recipe, rounds, timings);
        report.Write($"mixed-{recipe.Name}");
    }

    private static EvaluationResult Test(RevUpNet network, Recipe recipe)
    {
        using ImageDataset train = Datasets.Open(recipe.Data, DatasetSplit.Train), test = Datasets.Open(recipe.Data, DatasetSplit.Test);
        return Evaluator.Evaluate(network, test, Datasets.Normalization(recipe.Data, train), recipe.EvaluationBatches);
    }

    private static IEnumerable<Gradient> Gradients(RecipeTrainer trainer, Recipe recipe, double[] tolerances, (float[] Pixels, float[] Targets) batch)
    {
        ReversibleEngine engine = trainer.Step.Engine;
        trainer.Network.PrepareInference(recipe.Training.BatchSize);
        engine.Plan = new MemoryPlan { Policy = MemoryPolicy.Store };
        float[] exact = GradientProbe.Of(trainer.Network, engine, batch);
        engine.Plan = new MemoryPlan { Policy = MemoryPolicy.Invert };
        foreach (double tolerance in tolerances)
        {
            foreach (EvaluationPrecision precision in s_precisions)
            {
                engine.Inversion = new InversionSettings { Tolerance = tolerance, HardLimit = Math.Max(tolerance, 0.05), Evaluations = precision };
                // The first says how many evaluations every block needs, without which none begins in bfloat16.
                GradientProbe.Of(trainer.Network, engine, batch);
                engine.Inverter.Measure();
                double error = GradientProbe.Compare(GradientProbe.Of(trainer.Network, engine, batch), exact).Difference;
                InversionRecord[] records = engine.Records.ToArray();
                yield return new Gradient(
                    precision, tolerance, error, records.Average(record => record.Evaluations), records.Max(record => record.Residual));
            }
        }
    }

    private static Timing[] Timings(RevUpNet network, Recipe recipe, int rounds, (float[] Pixels, float[] Targets) batch)
    {
        TrainingStep[] steps =
        [
            .. s_timed.Select(kind => new TrainingStep(
                network, recipe.Training, new MemoryPlan { Policy = kind.Policy }, recipe.Reversible.Inversion with { Evaluations = kind.Evaluations })),
        ];
        double[][] times = [.. steps.Select(_ => new double[rounds])];
        MemoryUse[] peaks = new MemoryUse[steps.Length];
        Arena memory = network.Backend.Memory;
        // The first two rounds warm up, and measure k.
        for (int round = -2; round < rounds; round++)
        {
            for (int i = 0; i < steps.Length; i++)
            {
                memory.ResetPeaks();
                double time = network.Backend.Time(1, () => steps[i].Run(batch.Pixels, batch.Targets, learningRateFactor: 0))[0];
                peaks[i] = memory.Peak;
                if (round >= 0)
                {
                    times[i][round] = time;
                }
            }
        }
        foreach (TrainingStep step in steps)
        {
            step.Dispose();
        }
        double[] full = times[1];
        return [.. s_timed.Select((kind, i) => new Timing(kind.Policy, kind.Evaluations, [.. times[i].Zip(full, (time, of) => time / of)], peaks[i]))];
    }

    private static void Describe(Report report, Recipe recipe, int epochs, List<Ending> endings)
    {
        report.Heading("Accuracy");
        report.Paragraph(
            $"""
            Trained with `invert` at tolerance {recipe.Reversible.Tolerance:0e-0}, epochs: {epochs}; every seed once with each kind of evaluations.
            """);
        report.Table(
            ["evaluations, seed", "test top-1, %", "test loss", "replays"],
            from end in endings
            orderby end.Evaluations, end.Seed
            select (string[])[$"{Name(end.Evaluations)}, {end.Seed}", $"{100 * end.Top1:F2}", $"{end.Loss:F4}", $"{end.Replays}"]);
    }

    private static void Describe(Report report, List<Gradient> gradients)
    {
        report.Heading("Gradient error");
        report.Paragraph(
            """
            Of the networks trained with full evaluations: the gradient of all parameters together on one batch, weights and norms frozen,
            ‖g − g_store‖ / ‖g_store‖. k counts every evaluation, whatever it is computed in. Medians over the seeds; the worst block's residual.
            """);
        report.Table(
            ["tolerance, evaluations", "mean k", "gradient error", "least", "largest", "worst residual"],
            from gradient in gradients
            group gradient by (gradient.Tolerance, gradient.Evaluations) into seeds
            select (string[])[
                $"{seeds.Key.Tolerance:0e-0}, {Name(seeds.Key.Evaluations)}",
                $"{Statistics.Median(seeds.Select(seed => seed.MeanEvaluations)):F2}",
                $"{Statistics.Median(seeds.Select(seed => seed.Error)):0.00e-0}",
                $"{seeds.Min(seed => seed.Error):0.00e-0}",
                $"{seeds.Max(seed => seed.Error):0.00e-0}",
                $"{seeds.Max(seed => seed.Residual):0.0e-0}",
            ]);
    }

    private static void Describe(Report report, Recipe recipe, int rounds, List<Timing> timings)
    {
        report.Heading("Time and memory of a step");
        report.Paragraph(
            $"""
            Of the same networks, batches of {recipe.Training.BatchSize}, {rounds} rounds a seed: in every round one step of each kind in turn. Time is the
            ratio to the step with full evaluations of the same round: median and middle half of all rounds. Peaks of a step in MiB.
            """);
        report.Table(
            ["step", "time", "middle half", "activations", "workspace"],
            from timing in timings
            group timing by (timing.Policy, timing.Evaluations) into seeds
            let ratios = Quartiles.Of([.. seeds.SelectMany(seed => seed.Ratios)])
            select (string[])[
                seeds.Key.Policy == MemoryPolicy.Invert ? $"invert, {Name(seeds.Key.Evaluations)}" : "checkpoint",
                $"{ratios.Median:F3}",
                $"{ratios.First:F2}–{ratios.Third:F2}",
                Report.MiB(seeds.Max(seed => seed.Peak[MemoryPurpose.Activations])),
                Report.MiB(seeds.Max(seed => seed.Peak[MemoryPurpose.Workspace])),
            ]);
    }

    private static string Name(EvaluationPrecision precision) => precision == EvaluationPrecision.Mixed ? "mixed" : "full";
}
