using RevUp.Backends.Cpu;
using RevUp.Data;
using RevUp.Models;
using RevUp.Recipes;
using RevUp.Reversible;
using RevUp.Runs;
using RevUp.Tensors;
using RevUp.Training;

namespace RevUp.Benchmarks.Studies;

/// <summary>One process of RevUp: a training step of the peer's network under one policy.</summary>
/// <param name="Plan">Memory policy.</param>
/// <param name="Lipschitz">Control of the blocks.</param>
/// <param name="Precision">Storage type inside the branches.</param>
/// <param name="Evaluations">Precision of an inversion's evaluations.</param>
/// <param name="Size">The network, its batch and its threads.</param>
/// <param name="Weights">
/// File of trained weights; empty for last convolutions drawn at random, which takes every block to
/// its bound.
/// </param>
internal sealed record StepCase(
    MemoryPlan Plan, LipschitzMode Lipschitz, BranchPrecision Precision, EvaluationPrecision Evaluations, StepSize Size,
    string Weights)
{
    /// <summary>The network.</summary>
    public ModelSettings CreateModel() => new()
    {
        Stem = StemKind.Convolution,
        Downsampling = Downsampling.Strided,
        Stages = [.. Enumerable.Range(0, 3).Select(
            stage => new StageSettings { Blocks = Size.Blocks, Channels = Size.Channels << stage })],
        Lipschitz = new LipschitzSettings { Mode = Lipschitz },
        Precision = Precision,
    };
}

/// <summary>The size of a network of three stages, and of its training step.</summary>
/// <param name="Blocks">Blocks of each stage, n.</param>
/// <param name="Channels">Channels of the first stage; every further one has twice as many.</param>
/// <param name="Batch">Samples of 32×32×3.</param>
/// <param name="Threads">Threads of every contender.</param>
internal sealed record StepSize(int Blocks, int Channels, int Batch, int Threads)
{
    /// <summary>Channels of the peer's first stage.</summary>
    public const int PeerChannels = 64;

    /// <summary>One sample.</summary>
    public static Shape Sample => new(1, 32, 32, 3);

    /// <summary>Classes.</summary>
    public const int Classes = 10;

    /// <summary>
    /// The largest batch that weights are trained in. Norms and contraction depend on the extents
    /// and not on the batch, and a step at the measured batch of 128 takes ten seconds at n = 18.
    /// </summary>
    public const int LargestTrainingBatch = 16;

    /// <summary>
    /// Trains the constrained network with `store` on made-up patterns and keeps its weights in a
    /// file for the next time.
    /// </summary>
    /// <returns>The file.</returns>
    public string TrainedWeights(int steps)
    {
        string folder = Checkout.Path("artifacts", "studies", "step-weights");
        int batch = Math.Min(Batch, LargestTrainingBatch);
        string file = Path.Combine(folder, $"n{Blocks}-c{Channels}-b{batch}-{steps}-steps.safetensors");
        if (!File.Exists(file))
        {
            Report.Progress($"n = {Blocks}: training the weights for {steps} steps ...");
            Directory.CreateDirectory(folder);
            Recipe recipe = new()
            {
                Name = "step",
                Data = Checkout.SyntheticData(Sample, Classes, samples: 64 * batch),
                Model = new StepCase(
                    new MemoryPlan(), LipschitzMode.PerBranch, BranchPrecision.Float32, EvaluationPrecision.Full, this,
                    Weights: "").CreateModel(),
                Training = new TrainingSettings { BatchSize = batch, ClipNorm = 1 },
            };
            using CpuBackend backend = new(Threads);
            using RecipeTrainer trainer = new(backend, recipe, MemoryPolicy.Store);
            trainer.Train(steps, steps);
            trainer.Network.SaveWeights(file);
        }
        return file;
    }
}
