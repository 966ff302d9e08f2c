using System.Text;
using RevUp.Backends;
using RevUp.Backends.Cpu;
using RevUp.Reversible;
using RevUp.Tensors;
using RevUp.Training;

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
        double loss = trainer.Train(steps)[^1];
        // An epoch that training has not reached: the samples are known, their crops and their order are new.
        (float[] Pixels, float[] Targets)[] batches = trainer.Batches(epoch: steps, count: 2);
        trainer.Network.PrepareInference(recipe.Training.BatchSize);
        ReversibleEngine engine = trainer.Step.Engine;
        engine.Plan = new MemoryPlan { Policy = MemoryPolicy.Store };
        float[] reference = Gradient(trainer, batches[0]);
        List<string[]> rows = [Compare("store, another mini-batch", Gradient(trainer, batches[1]), reference)];
        engine.Plan = new MemoryPlan { Policy = MemoryPolicy.Invert };
        foreach (double tolerance in s_tolerances)
        {
            engine.Inversion = recipe.Reversible.Inversion with { Tolerance = tolerance, HardLimit = Math.Max(tolerance, recipe.Reversible.HardLimit) };
            float[] gradient = Gradient(trainer, batches[0]);
            InversionRecord[] records = engine.Records.ToArray();
            string name = tolerance == InversionSettings.Exact ? "exact" : $"{tolerance:0e-0}";
            rows.Add([
                .. Compare($"invert, {name}", gradient, reference)[..3],
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

    private static float[] Gradient(RecipeTrainer trainer, (float[] Pixels, float[] Targets) samples)
    {
        Backend backend = trainer.Network.Backend;
        Arena memory = backend.Memory;
        int batch = (int)(samples.Pixels.Length / trainer.Network.Sample.Count);
        Tensor gradients = trainer.Network.Parameters.Gradients;
        backend.Fill(gradients, 0);
        Tensor input = memory.Allocate(trainer.Network.Sample.WithBatch(batch), ElementType.Float32, MemoryPurpose.Activations);
        Tensor targets = memory.Allocate(new Shape(batch, trainer.Network.Classes), ElementType.Float32, MemoryPurpose.Activations);
        Tensor statistics = memory.Allocate(new Shape(2), ElementType.Float64, MemoryPurpose.Workspace);
        backend.Upload<float>(samples.Pixels, input);
        backend.Upload<float>(samples.Targets, targets);
        // Not TrainingStep: it would iterate on the norms first, and every gradient would be that of slightly different weights.
        Tensor logits = trainer.Step.Engine.Forward(input);
        backend.CrossEntropy(logits, targets, 1f / batch, logits, statistics);
        trainer.Step.Engine.Backward(logits);
        memory.Free(input);
        memory.Free(targets);
        memory.Free(statistics);
        float[] values = new float[gradients.Count];
        backend.Download<float>(gradients, values);
        return values;
    }

    private static string[] Compare(string name, float[] gradient, float[] reference)
    {
        double difference = 0, dot = 0, square = 0, referenceSquare = 0;
        for (int i = 0; i < gradient.Length; i++)
        {
            (double g, double r) = (gradient[i], reference[i]);
            difference += (g - r) * (g - r);
            dot += g * r;
            square += g * g;
            referenceSquare += r * r;
        }
        double cosine = dot / Math.Sqrt(square * referenceSquare);
        return [name, $"{Math.Sqrt(difference / referenceSquare):0.0e-0}", $"{Math.Max(0, 1 - cosine):0.0e-0}", "", "", "", ""];
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
        return trainer.Train(steps);
    }

    // Successive batches differ by √2 of one batch's deviation; the second half is past the steep start.
    private static double StepNoise(double[] losses)
    {
        double[] late = losses[(losses.Length / 2)..];
        return Statistics.StandardDeviation([.. late.Skip(1).Zip(late, (next, previous) => next - previous)]) / Math.Sqrt(2);
    }
}
