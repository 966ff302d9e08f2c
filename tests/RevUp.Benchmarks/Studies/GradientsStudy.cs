using System.Text;
using RevUp.Backends.Cpu;
using RevUp.Recipes;
using RevUp.Reversible;

namespace RevUp.Benchmarks.Studies;

/// <summary>What the inversion's error does to the gradient of a trained network, against its tolerance, and to a loss curve.</summary>
internal static class GradientsStudy
{
    private const string CurveFile = "gradients-loss.csv";

    private static readonly double[] s_tolerances = [InversionSettings.Exact, 1e-3, 1e-2, 3e-2, 1e-1];

    public static void Run(Arguments arguments)
    {
        Recipe recipe = Checkout.Recipe(arguments.Text("--recipe", "fashion-mnist-short"));
        int steps = arguments.Integer("--steps", 400);
        int curve = arguments.Integer("--curve", 200);
        int threads = arguments.Integer("--threads", Environment.ProcessorCount);
        arguments.RequireNoOthers();

        Report report = new("Gradients of `invert` against `store`", arguments, threads);
        using CpuBackend backend = new(threads);
        Gradients(report, backend, recipe, steps);
        LossCurves(report, backend, recipe, curve);
        report.Write("gradients");
    }

    private static void Gradients(Report report, CpuBackend backend, Recipe recipe, int steps)
    {
        using RecipeTrainer trainer = new(backend, recipe, MemoryPolicy.Invert);
        double loss = trainer.Train(steps, steps)[^1];
        // An epoch that training has not reached: the samples are known, their crops and their order are new.
        (float[] Pixels, float[] Targets)[] batches = trainer.Batches(epoch: steps, count: 2);
        trainer.Network.PrepareInference(recipe.Training.BatchSize);
        ReversibleEngine engine = trainer.Step.Engine;
        engine.Plan = new MemoryPlan { Policy = MemoryPolicy.Store };
        float[] reference = GradientProbe.Of(trainer.Network, engine, batches[0]);
        float[] other = GradientProbe.Of(trainer.Network, engine, batches[1]);
        List<string[]> rows = [[.. GradientProbe.Compare("store, another mini-batch", other, reference), "", "", "", ""]];
        engine.Plan = new MemoryPlan { Policy = MemoryPolicy.Invert };
        foreach (double tolerance in s_tolerances)
        {
            engine.Inversion = recipe.Reversible.Inversion with { Tolerance = tolerance, HardLimit = Math.Max(tolerance, recipe.Reversible.HardLimit) };
            float[] gradient = GradientProbe.Of(trainer.Network, engine, batches[0]);
            InversionRecord[] records = engine.Records.ToArray();
            string name = tolerance == InversionSettings.Exact ? "exact" : $"{tolerance:0e-0}";
            rows.Add([
                .. GradientProbe.Compare($"invert, {name}", gradient, reference),
                $"{records.Average(record => record.Evaluations):F2}",
                $"{records.Max(record => record.Evaluations)}",
                $"{records.Max(record => record.Residual):0.0e-0}",
                $"{records.Count(record => record.Replayed)}",
            ]);
        }
        report.Heading($"One gradient of a network trained for {steps} steps");
        report.Paragraph(
            $"""
            Recipe {recipe.Name}, {recipe.Model.BlockCount} blocks, {trainer.Network.Parameters.Count} parameters, trained with `invert` to a loss of {loss:F3}.
            The gradient of all parameters together on one batch of {recipe.Training.BatchSize}, weights and norms frozen: ‖g − g_store‖ / ‖g_store‖ and the
            cosine of the two. One seed. The recipe's own tolerance is {recipe.Reversible.Tolerance:0e-0}.
            """);
        report.Table(["gradient", "relative difference", "1 − cosine", "mean k", "max k", "worst residual", "replays"], rows);
    }

    private static void LossCurves(Report report, CpuBackend backend, Recipe recipe, int steps)
    {
        double[] store = Losses(backend, recipe, MemoryPolicy.Store, steps);
        double[] invert = Losses(backend, recipe, MemoryPolicy.Invert, steps);
        StringBuilder lines = new("step,store,invert\n");
        for (int i = 0; i < steps; i++)
        {
            lines.Append($"{i + 1},{store[i]:F6},{invert[i]:F6}\n");
        }
        File.WriteAllText(Checkout.Path(Checkout.ResultsFolder, CurveFile), lines.ToString());
        double[] differences = [.. store.Zip(invert, (a, b) => Math.Abs(a - b))];
        report.Heading($"Loss over {steps} steps from one seed");
        report.Paragraph(
            $"""
            `invert` at tolerance {recipe.Reversible.Tolerance:0e-0} and `store`: the same initial weights, batches and schedule. The loss of every step is in
            `{CurveFile}`.
            """);
        report.Table(
            ["figure", "value"],
            [
                ["largest difference of the loss", $"{differences.Max():F4}"],
                ["its step", $"{Array.IndexOf(differences, differences.Max()) + 1}"],
                ["mean difference", $"{differences.Average():F4}"],
                ["last loss, store", $"{store[^1]:F4}"],
                ["last loss, invert", $"{invert[^1]:F4}"],
                ["standard deviation of store's loss from step to step", $"{StepNoise(store):F4}"],
            ]);
    }

    private static double[] Losses(CpuBackend backend, Recipe recipe, MemoryPolicy policy, int steps)
    {
        using RecipeTrainer trainer = new(backend, recipe, policy);
        return trainer.Train(steps, steps);
    }

    // Successive batches differ by √2 of one batch's deviation; the second half is past the steep start.
    private static double StepNoise(double[] losses)
    {
        double[] late = losses[(losses.Length / 2)..];
        return Statistics.StandardDeviation([.. late.Skip(1).Zip(late, (next, previous) => next - previous)]) / Math.Sqrt(2);
    }
}
