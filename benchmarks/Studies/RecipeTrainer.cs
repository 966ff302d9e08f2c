using RevUp.Backends;
using RevUp.Data;
using RevUp.Models;
using RevUp.Recipes;
using RevUp.Reversible;
using RevUp.Training;

namespace RevUp.Benchmarks.Studies;

/// <summary>
/// A recipe's network and data, trained step by step in memory: what a study needs that looks at
/// the network itself.
/// </summary>
internal sealed class RecipeTrainer : IDisposable
{
    private readonly Recipe _recipe;
    private readonly ImageDataset _data;
    private readonly BatchLoader _loader;

    public RecipeTrainer(Backend backend, Recipe recipe, MemoryPolicy policy)
    {
        _recipe = recipe;
        _data = Datasets.Open(recipe.Data, DatasetSplit.Train);
        Normalization = Datasets.Normalization(recipe.Data, _data);
        _loader = new BatchLoader(_data, Normalization, recipe.TrainingBatches);
        Network = new RevUpNet(backend, recipe.Model, recipe.Data.Sample, recipe.Data.ClassCount, recipe.Training.Seed);
        Step = new TrainingStep(
            Network, recipe.Training, recipe.Reversible.Plan with { Policy = policy }, recipe.Reversible.Inversion);
    }

    /// <summary>The network.</summary>
    public RevUpNet Network { get; }

    /// <summary>Normalisation of its training set.</summary>
    public ChannelNormalization Normalization { get; }

    /// <summary>Its training step.</summary>
    public TrainingStep Step { get; }

    /// <summary>Batches of an epoch.</summary>
    public int BatchesPerEpoch => _loader.BatchesPerEpoch;

    /// <summary>
    /// Trains on until <paramref name="end"/> steps are done, on the recipe's schedule for
    /// <paramref name="total"/>, and returns the losses.
    /// </summary>
    public double[] Train(int end, int total)
    {
        List<double> losses = [];
        while (Step.Count < end)
        {
            int epoch = (int)(Step.Count / BatchesPerEpoch);
            foreach (Batch batch in
                _loader.Epoch(epoch, (int)(Step.Count % BatchesPerEpoch)).Take((int)(end - Step.Count)))
            {
                double factor = _recipe.Training.Schedule.At(Step.Count, total, BatchesPerEpoch);
                losses.Add(Step.Run(batch, factor).Loss);
                if (Step.Count % 50 == 0)
                {
                    Report.Progress($"{Step.Engine.Plan.Policy}: step {Step.Count}/{total}, loss {losses[^1]:F4}");
                }
            }
        }
        return [.. losses];
    }

    /// <summary>Stops the data threads and frees the network.</summary>
    public void Dispose()
    {
        _loader.Dispose();
        Step.Dispose();
        Network.Dispose();
        _data.Dispose();
    }
}
