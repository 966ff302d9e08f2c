using RevUp.Backends;
using RevUp.Data;
using RevUp.Models;
using RevUp.Reversible;
using RevUp.Training;

namespace RevUp.Benchmarks.Studies;

/// <summary>A recipe's network and data, trained step by step in memory: what a study needs that looks at the network itself.</summary>
internal sealed class RecipeTrainer : IDisposable
{
    private readonly Recipe _recipe;
    private readonly ImageDataset _data;
    private readonly BatchLoader _loader;

    public RecipeTrainer(Backend backend, Recipe recipe, MemoryPolicy policy)
    {
        _recipe = recipe;
        _data = Datasets.Open(recipe.Data, DatasetSplit.Train);
        _loader = new BatchLoader(_data, Datasets.Normalization(recipe.Data, _data), recipe.TrainingBatches);
        Network = new RevUpNet(backend, recipe.Model, recipe.Data.Sample, recipe.Data.ClassCount, recipe.Training.Seed);
        Step = new TrainingStep(Network, recipe.Training, recipe.Reversible.Plan with { Policy = policy }, recipe.Reversible.Inversion);
    }

    /// <summary>The network.</summary>
    public RevUpNet Network { get; }

    /// <summary>Its training step.</summary>
    public TrainingStep Step { get; }

    /// <summary>Trains for a number of steps, on the recipe's schedule for that many, and returns their losses.</summary>
    public double[] Train(int steps)
    {
        double[] losses = new double[steps];
        for (int i = 0; i < steps;)
        {
            foreach (Batch batch in _loader.Epoch(i / _loader.BatchesPerEpoch).Take(steps - i))
            {
                double factor = _recipe.Training.Schedule.At(i, steps, _loader.BatchesPerEpoch);
                losses[i++] = Step.Run(batch.Pixels, batch.Targets, factor).Loss;
                if (i % 50 == 0)
                {
                    Report.Progress($"{Step.Engine.Plan.Policy}: step {i}/{steps}, loss {losses[i - 1]:F4}");
                }
            }
        }
        return losses;
    }

    /// <summary>Copies of the first batches of an epoch.</summary>
    public (float[] Pixels, float[] Targets)[] Batches(int epoch, int count) =>
        [.. _loader.Epoch(epoch).Take(count).Select(batch => (batch.Pixels.ToArray(), batch.Targets.ToArray()))];

    /// <summary>Stops the data threads and frees the network.</summary>
    public void Dispose()
    {
        _loader.Dispose();
        Step.Dispose();
        Network.Dispose();
        _data.Dispose();
    }
}
