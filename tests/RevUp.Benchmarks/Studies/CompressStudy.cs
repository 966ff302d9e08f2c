using RevUp.Backends.Cpu;
using RevUp.Models;
using RevUp.Recipes;
using RevUp.Reversible;
using RevUp.Tensors;

namespace RevUp.Benchmarks.Studies;

/// <summary>What `compress` costs: the error of a trained network's gradient, beside that of a bfloat16 branch, the time of a step, and memory.</summary>
internal static class CompressStudy
{
    private static readonly (string Name, MemoryPlan Plan)[] s_plans =
    [
        ("checkpoint", new MemoryPlan { Policy = MemoryPolicy.Checkpoint }),
        ("compress, 8 bits", new MemoryPlan { Policy = MemoryPolicy.Compress, CompressBits = 8 }),
        ("compress, 4 bits", new MemoryPlan { Policy = MemoryPolicy.Compress, CompressBits = 4 }),
    ];

    public static void Run(Arguments arguments)
    {
        Recipe recipe = arguments.Recipe("fashion-mnist-short");
        int steps = arguments.Integer("--steps", arguments.Quick ? 2 : 400);
        int rounds = arguments.Integer("--rounds", arguments.Quick ? 2 : 15);
        int threads = arguments.Integer("--threads", Environment.ProcessorCount);
        arguments.RequireNoOthers();

        Report report = new("`compress` against a kept input", arguments, threads);
        using CpuBackend backend = new(threads);
        ModelSettings free = recipe.Model with { Lipschitz = new LipschitzSettings { Mode = LipschitzMode.None } };
        Section(report, backend, recipe with { Model = free }, "without Lipschitz control", steps, rounds);
        Section(report, backend, recipe, $"as the recipe has it (control {recipe.Model.Lipschitz.Mode})", steps, rounds);
        Trained(report, Report.Latest(Report.ReadRows<SeedRow>(arguments.Output, SeedsStudy.Result), SeedsStudy.Section));
        report.Write("compress");
    }

    private static void Section(Report report, CpuBackend backend, Recipe recipe, string network, int steps, int rounds)
    {
        using RecipeTrainer trainer = new(backend, recipe, MemoryPolicy.Checkpoint);
        double loss = trainer.Train(steps, steps)[^1];
        (float[] Pixels, float[] Targets)[] batches = trainer.Batches(epoch: steps, count: 2);
        report.Heading($"Network {network}, trained for {steps} steps");
        report.Paragraph(
            $"""
            Recipe {recipe.Name}, {recipe.Model.BlockCount} blocks, {trainer.Network.Parameters.Count} parameters, trained with `checkpoint` to a loss of
            {loss:F3}. The gradient of all parameters together on one batch of {recipe.Training.BatchSize}, weights and norms frozen:
            ‖g − g_exact‖ / ‖g_exact‖ and the cosine of the two. One seed.
            """);
        report.Table(["gradient", "relative difference", "1 − cosine"], Gradients(trainer, recipe, batches));
        report.Paragraph(
            $"""
            One training step, {rounds} of each in turn: the median time, its ratio to `checkpoint`'s in the same round (median, and the middle half), and the
            most bytes of activations that were live at once.
            """);
        report.Table(["policy", "ms", "ratio", "middle half", "activations, MiB"], Steps(trainer, batches[0], rounds));
    }

    // What the study of seeds has about training to the end.
    private static void Trained(Report report, IReadOnlyList<SeedRow> rows)
    {
        foreach (SeedRow[] section in rows.GroupBy(SeedsStudy.Section).Select(group => group.ToArray()))
        {
            if (section.Any(row => row.Policy.StartsWith("compress", StringComparison.Ordinal)))
            {
                report.Heading($"{section[0].Recipe}, trained for {section[0].Epochs} epochs");
                report.Paragraph($"Every run is in `{SeedsStudy.Result}.md`: the same weights, order and augmentation for one seed under every policy.");
                SeedRow.Compare(report, section);
            }
        }
    }

    private static List<string[]> Gradients(RecipeTrainer trainer, Recipe recipe, (float[] Pixels, float[] Targets)[] batches)
    {
        RevUpNet network = trainer.Network;
        ReversibleEngine engine = trainer.Step.Engine;
        network.PrepareInference(recipe.Training.BatchSize);
        engine.Plan = s_plans[0].Plan;
        float[] exact = GradientProbe.Of(network, engine, batches[0]);
        List<string[]> rows =
        [
            GradientProbe.Compare("another mini-batch", GradientProbe.Of(network, engine, batches[1]), exact),
            GradientProbe.Compare("bfloat16 branch", Narrow(network, recipe, batches[0]), exact),
        ];
        foreach ((string name, MemoryPlan plan) in s_plans[1..])
        {
            engine.Plan = plan;
            rows.Add(GradientProbe.Compare(name, GradientProbe.Of(network, engine, batches[0]), exact));
        }
        return rows;
    }

    // The same weights and norms in a network whose branches are stored and computed in bfloat16.
    private static float[] Narrow(RevUpNet network, Recipe recipe, (float[] Pixels, float[] Targets) samples)
    {
        ModelSettings settings = network.Settings with { Precision = ElementType.BFloat16 };
        using RevUpNet narrow = new(network.Backend, settings, network.Sample, network.Classes, recipe.Training.Seed);
        network.Backend.Cast(network.Parameters.Values, narrow.Parameters.Values);
        for (int i = 0; i < network.Parameters.State.Count; i++)
        {
            network.Backend.Cast(network.Parameters.State[i].Value, narrow.Parameters.State[i].Value);
        }
        narrow.PrepareInference(recipe.Training.BatchSize);
        using ReversibleEngine engine = new(narrow.Backend, narrow.Layers, s_plans[0].Plan, recipe.Reversible.Inversion);
        return GradientProbe.Of(narrow, engine, samples);
    }

    private static IEnumerable<string[]> Steps(RecipeTrainer trainer, (float[] Pixels, float[] Targets) samples, int rounds)
    {
        double[][] times = [.. s_plans.Select(_ => new double[rounds])];
        long[] peaks = new long[s_plans.Length];
        Arena memory = trainer.Network.Backend.Memory;
        // The first round warms up and is not counted.
        for (int round = -1; round < rounds; round++)
        {
            for (int i = 0; i < s_plans.Length; i++)
            {
                trainer.Step.Engine.Plan = s_plans[i].Plan;
                memory.ResetPeaks();
                double time = trainer.Network.Backend.Time(1, () => trainer.Step.Run(samples.Pixels, samples.Targets, learningRateFactor: 0))[0];
                peaks[i] = memory.Peak[MemoryPurpose.Activations];
                if (round >= 0)
                {
                    times[i][round] = time;
                }
            }
        }
        return s_plans.Select((plan, i) =>
        {
            double[] ratios = [.. times[i].Zip(times[0], (time, of) => time / of).Order()];
            string middle = $"{ratios[rounds / 4]:F2}–{ratios[rounds - 1 - rounds / 4]:F2}";
            return (string[])[plan.Name, $"{Statistics.Median(times[i]):F1}", $"{Statistics.Median(ratios):F3}", middle, Report.MiB(peaks[i])];
        });
    }
}
