using System.Diagnostics;
using RevUp.Backends;
using RevUp.Layers;
using RevUp.Models;
using RevUp.Recipes;
using RevUp.Reversible;
using RevUp.Tensors;
using RevUp.Training;

namespace RevUp.Planning;

/// <summary>
/// Measures memory and time of a real training step on random data. Fixup's zero convolutions are
/// drawn at random first, which takes every block to its Lipschitz bound: with F = 0 there would be
/// nothing to invert.
/// </summary>
/// <remarks>
/// <see cref="LipschitzMode.Adaptive"/> control is measured as it starts, as
/// <see cref="LipschitzMode.PerBranch"/> at the same coefficient, which any policy can follow.
/// Activations, parameters and gradients are the same to the byte; the coefficients themselves,
/// some 20 bytes a block, are left out.
/// </remarks>
internal static class MemoryProbe
{
    private const long DataStream = 101;
    private const long WeightStream = 102;

    /// <summary>
    /// Two steps on a backend of their own, the second of which is measured: the first one pays for
    /// generated code and first-touched pages. Or one step alone.
    /// </summary>
    /// <param name="recipe">Network, data shape, batch size, inversion.</param>
    /// <param name="blocks">
    /// Total of blocks, spread over the recipe's stages; 0 for the recipe's own.
    /// </param>
    /// <param name="policy">
    /// Policy of all blocks; "auto" takes the plan that the recipe has.
    /// </param>
    /// <param name="open">
    /// Opens the device to measure on; the backend is disposed afterwards.
    /// </param>
    /// <param name="warmUp">Whether a step goes before the measured one.</param>
    /// <param name="link">Network between ranks to forecast a step for; null for none.</param>
    /// <exception cref="ConfigurationException">
    /// The recipe does not work with this depth or policy.
    /// </exception>
    public static MemoryRow Measure(
        Recipe recipe, int blocks, MemoryPolicy policy, Func<Backend> open, bool warmUp = true, RankLink? link = null)
    {
        ArgumentNullException.ThrowIfNull(recipe);
        ArgumentNullException.ThrowIfNull(open);
        recipe.Validate();
        int passes = recipe.Training.PassesOf(link?.Ranks ?? 1);
        ProcessMemory.ResetPeak();
        using Backend backend = open();
        ModelSettings model = AtStart(blocks == 0 ? recipe.Model : recipe.Model.WithBlocks(blocks));
        using RevUpNet net = new(
            backend, model, recipe.Data.Sample, recipe.Data.ClassCount, recipe.Training.Seed,
            trained: recipe.Training.Trained);
        DrawZeroConvolutions(net, recipe.Training.Seed);
        using TrainingStep step = new(
            net, ProbeBatch.Settings(net, recipe.Training), recipe.Reversible.Plan with { Policy = policy },
            recipe.Reversible.Inversion);
        ProbeBatch batch = new(net, recipe.Training);
        if (warmUp)
        {
            Run();
        }
        backend.Memory.ResetPeaks();
        long start = Stopwatch.GetTimestamp();
        Run();
        double milliseconds = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        InversionRecord[] inverted = [.. step.Engine.Records.ToArray().Where(r => r.Evaluations > 0)];
        MemoryUse peak = backend.Memory.Peak;
        return new MemoryRow(
            model.BlockCount,
            policy,
            peak[MemoryPurpose.Activations],
            peak[MemoryPurpose.Parameters],
            peak[MemoryPurpose.Gradients],
            peak[MemoryPurpose.Optimizer],
            peak[MemoryPurpose.Workspace],
            backend.Memory.TotalPeak,
            ProcessMemory.PeakBytes(),
            milliseconds,
            inverted.Length == 0 ? 0 : inverted.Average(r => r.Evaluations),
            inverted.Length == 0 ? 0 : inverted.Max(r => r.Evaluations),
            inverted.Length == 0 ? 0 : inverted.Max(r => r.Residual))
        {
            Precision = net.Settings.Precision,
            Slab = net.Layers.Any(layer => layer.Slab > 0) ? step.Engine.Plan.Slab : 0,
            // Ranks on CPUs send after the backward pass.
            Ranks = link is null
                ? null
                : RankForecast.Of(
                    LayerWork.Of(net, step.Engine), milliseconds, passes, link, overlaps: backend.IsAsynchronous,
                    recipe.Training.BucketBytes),
        };

        void Run() => batch.Run(step);
    }

    /// <summary>The policies that all blocks of a network can be measured under.</summary>
    public static IReadOnlyList<MemoryPolicy> PossiblePolicies(ModelSettings model)
    {
        ModelSettings measured = AtStart(model);
        return [.. MemoryPlan.Uniform.Where(policy => PolicyRules.IsPossible(policy, measured))];
    }

    private static ModelSettings AtStart(ModelSettings model) => model.Lipschitz.Mode == LipschitzMode.Adaptive
        ? model with { Lipschitz = model.Lipschitz with { Mode = LipschitzMode.PerBranch } }
        : model;

    internal static void DrawZeroConvolutions(RevUpNet net, ulong seed)
    {
        if (!net.Backend.Computes)
        {
            return;
        }
        long index = 0;
        foreach (Parameter parameter in
            net.Parameters.Parameters.Where(p => p.Shape.Rank >= 4 && p.Initialization == Initialization.Constant(0)))
        {
            CounterRandom random = new(seed, WeightStream, index++);
            float[] values = new float[parameter.Shape.Count];
            double deviation = Math.Sqrt((double)parameter.Shape[0] / parameter.Shape.Count);
            for (int i = 0; i < values.Length; i++)
            {
                values[i] = (float)(deviation * random.NextNormal());
            }
            net.Backend.Upload<float>(values, parameter.Value);
        }
        net.Invalidate();
    }

    /// <summary>
    /// A million normals over and over: drawing billions would take longer than what is measured.
    /// The length is prime, so that no two samples are equal.
    /// </summary>
    internal static float[] RandomPixels(int count, ref CounterRandom random)
    {
        float[] pixels = new float[count];
        int drawn = Math.Min(1_048_573, count);
        foreach (ref float value in pixels.AsSpan(0, drawn))
        {
            value = random.NextNormal();
        }
        for (long filled = drawn; filled < count; filled += drawn)
        {
            int start = (int)filled;
            pixels.AsSpan(0, Math.Min(drawn, count - start)).CopyTo(pixels.AsSpan(start));
        }
        return pixels;
    }

    internal static (float[] Pixels, float[] Targets) RandomBatch(RevUpNet net, TrainingSettings training)
    {
        (int batch, Int128 count) = (training.BatchSize, (Int128)net.Sample.Count * training.BatchSize);
        ConfigurationException.Require(
            count <= Array.MaxLength,
            $"training.batchSize is {batch}, and {batch} samples {net.Sample} are {count} numbers, more than "
            + $"{Array.MaxLength}; use fewer or smaller");
        CounterRandom random = new(training.Seed, DataStream, 0);
        float[] pixels = net.Backend.Computes ? RandomPixels((int)count, ref random) : new float[(int)count];
        float[] targets = new float[training.BatchSize * net.Classes];
        for (int i = 0; i < training.BatchSize; i++)
        {
            targets[i * net.Classes + random.NextInt(net.Classes)] = 1;
        }
        return (pixels, targets);
    }
}
