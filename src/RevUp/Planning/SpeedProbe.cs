using System.Diagnostics;
using RevUp.Backends;
using RevUp.Data;
using RevUp.Models;
using RevUp.Recipes;
using RevUp.Reversible;
using RevUp.Tensors;
using RevUp.Training;

namespace RevUp.Planning;

/// <summary>
/// Measures how fast a recipe trains, on a network that is there for the measurement only.
/// </summary>
internal static class SpeedProbe
{
    // Generated code, first-touched pages, the choice of algorithms, the loader's first batches.
    private const int Warmups = 5;

    /// <summary>
    /// Trains on the recipe's own data for a while, at a learning rate of 0. Zero convolutions are
    /// drawn at random first, so that inversions take as many branch evaluations as in the middle
    /// of a run, not the one of its first steps.
    /// </summary>
    /// <param name="backend">The device; everything measured with is freed again.</param>
    /// <param name="recipe">Network, data, policy, batch.</param>
    /// <param name="time">
    /// Time to measure steps for. An epoch that is over sooner ends the measurement.
    /// </param>
    /// <exception cref="ConfigurationException">The recipe cannot work.</exception>
    /// <exception cref="DataFileException">Data is missing or damaged.</exception>
    public static TrainingSpeed Measure(Backend backend, Recipe recipe, TimeSpan time)
    {
        recipe.Validate();
        TrainingSettings training = recipe.Training;
        MemoryPlan plan =
            recipe.Reversible.NeedsPlan ? MemoryPlanner.Plan(backend, recipe).Plan : recipe.Reversible.Plan;
        using ImageDataset train = Datasets.Open(recipe.Data, DatasetSplit.Train);
        using ImageDataset held = Datasets.Open(recipe.Data, Datasets.Held(recipe.Data));
        using BatchLoader loader = new(train, Datasets.Normalization(recipe.Data, train), recipe.TrainingBatches);
        using RevUpNet net = new(
            backend, recipe.Model, recipe.Data.Sample, train.Classes.Count, training.Seed, trained: training.Trained);
        MemoryProbe.DrawZeroConvolutions(net, training.Seed);
        using TrainingStep step = new(net, ProbeBatch.Settings(net, training), plan, recipe.Reversible.Inversion);
        // Norms as in the middle of a run, where one power iteration a step follows them.
        for (; step.Count < recipe.Model.Lipschitz.StartSteps; step.Count++)
        {
            net.PrepareStep(training.BatchSize, step.Count);
        }
        int warmups = Math.Min(Warmups, loader.BatchesPerEpoch - 1);
        (int batches, long start, double seconds) = (0, 0, 0);
        foreach (Batch batch in loader.Epoch(0))
        {
            start = batches == warmups ? Stopwatch.GetTimestamp() : start;
            step.Run(batch, learningRateFactor: 0);
            batches++;
            seconds = batches > warmups ? Stopwatch.GetElapsedTime(start).TotalSeconds : 0;
            if (seconds >= time.TotalSeconds)
            {
                break;
            }
        }
        Pace pace = new();
        pace.AddStep(training.Accumulate * seconds / (batches - warmups));
        double testBatches = (double)held.Count / (training.BatchSize * training.Accumulate);
        return new TrainingSpeed(
            pace.SecondsPerStep, pace.Evaluation(testBatches), loader.BatchesPerEpoch / training.Accumulate);
    }
}
