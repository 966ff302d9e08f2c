using RevUp.Backends;
using RevUp.Backends.Cpu;
using RevUp.Backends.Observed;
using RevUp.Models;
using RevUp.Planning;
using RevUp.Recipes;
using RevUp.Reversible;
using RevUp.Tensors;
using RevUp.Training;

namespace RevUp.Benchmarks.GpuModel;

/// <summary>
/// Predicts a settled training step on a GPU. The engine issues the step to a device that computes
/// nothing, so every operation counts that a GPU would be given.
/// </summary>
internal static class StepModel
{
    /// <summary>The cost of a recipe's step under one policy of all blocks.</summary>
    /// <param name="recipe">Network, data shape, batch size.</param>
    /// <param name="policy">Policy of all blocks.</param>
    /// <param name="evaluations">k of every block that is inverted.</param>
    /// <param name="rates">The GPU.</param>
    /// <exception cref="ConfigurationException">
    /// The recipe does not work with the policy.
    /// </exception>
    public static CostCounter Predict(Recipe recipe, MemoryPolicy policy, int evaluations, GpuRates rates)
    {
        int k = policy == MemoryPolicy.Invert ? evaluations : 0;
        return Predict(
            recipe.Model, recipe.Data.Sample, recipe.Data.ClassCount, recipe.Training with { CudaGraph = false },
            recipe.Reversible.Plan with { Policy = policy }, _ => k, rates);
    }

    /// <summary>
    /// The cost of a step with <paramref name="evaluations"/> of each block by its index.
    /// <paramref name="fuses"/> says which passes do the operation behind them: by default those
    /// that it saves time.
    /// </summary>
    public static CostCounter Predict(
        ModelSettings model, Shape sample, int classes, TrainingSettings training, MemoryPlan plan,
        Func<int, int> evaluations, GpuRates rates, Func<ConvolutionGeometry, ConvolutionFusion, bool>? fuses = null)
    {
        using CpuBackend processor = new(threads: 1);
        using GpuSizing sizing = new(processor, fuses ?? rates.Fuses);
        CostCounter counter = new(rates);
        using ObservedBackend backend = new(sizing, counter);
        using RevUpNet net = new(backend, model, sample, classes, training.Seed);
        using TrainingStep step = new(net, ProbeBatch.Settings(net, training), plan, new InversionSettings());
        ProbeBatch batch = new(net, training);
        // As in the middle of a run: one power iteration a step, and k known from the steps before.
        step.Count = net.Settings.Lipschitz.StartSteps;
        int[] needed = [.. Enumerable.Range(0, net.Blocks.Count).Select(evaluations)];
        step.Engine.Inverter.Plan.Restore(new EvaluationPlanState(needed, needed, Steps: 0));
        batch.Run(step);
        step.Engine.Inverter.Plan.Restore(new EvaluationPlanState(needed, needed, Steps: 0));
        counter.Clear();
        batch.Run(step);
        counter.StreamElements = net.Blocks.Sum(block => (double)block.Input.WithBatch(training.BatchSize).Count);
        return counter;
    }
}
