using RevUp.Data;
using RevUp.Models;
using RevUp.Planning;
using RevUp.Recipes;
using RevUp.Tensors;
using RevUp.Training;

namespace RevUp.Runs;

/// <summary>
/// Batches for a profile: the recipe's own, one epoch after another, or where its data is not at
/// hand, one random batch again and again.
/// </summary>
internal sealed class ProfileData : IDisposable
{
    private readonly ImageDataset? _train;
    private readonly BatchLoader? _loader;
    private IEnumerator<Batch>? _batches;
    private ProbeBatch? _random;

    /// <exception cref="DataFileException">The data is there and damaged.</exception>
    /// <exception cref="ConfigurationException">The data does not fit the recipe.</exception>
    public ProfileData(Recipe recipe)
    {
        Missing = Reason(recipe.Data);
        if (Missing is not null)
        {
            return;
        }
        _train = Datasets.Open(recipe.Data, DatasetSplit.Train);
        try
        {
            _loader = new BatchLoader(_train, Datasets.Normalization(recipe.Data, _train), recipe.TrainingBatches);
            Steps = recipe.Training.LimitSteps(
                (long)(_loader.BatchesPerEpoch / recipe.Training.Accumulate) * recipe.Training.Epochs);
            ConfigurationException.Require(
                Steps > 0,
                $"training.batchSize is {recipe.Training.BatchSize} and training.accumulate "
                + $"{recipe.Training.Accumulate}, but the training set has only {_train.Count} samples; use a smaller "
                + $"batch");
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Why there are only random batches; null where the data is the recipe's.</summary>
    public string? Missing { get; }

    /// <summary>Steps of a run of the recipe; null where its data is not at hand.</summary>
    public long? Steps { get; }

    /// <summary>Waits for the next batch.</summary>
    public void Next(RevUpNet net, TrainingSettings training)
    {
        if (_loader is null)
        {
            _random ??= new ProbeBatch(net, training);
            return;
        }
        _batches ??= Enumerable.Range(0, int.MaxValue).SelectMany(epoch => _loader.Epoch(epoch)).GetEnumerator();
        _batches.MoveNext();
    }

    /// <summary>Hands the batch over, for the next start of a step.</summary>
    public void Stage(TrainingStep step)
    {
        if (_random is not null)
        {
            _random.Stage(step);
        }
        else
        {
            step.Stage(_batches!.Current);
        }
    }

    /// <summary>Takes the batch both ways, as one of several of a step.</summary>
    public void Accumulate(TrainingStep step)
    {
        if (_random is not null)
        {
            _random.Accumulate(step);
        }
        else
        {
            step.Accumulate(_batches!.Current);
        }
    }

    public void Dispose()
    {
        _batches?.Dispose();
        _loader?.Dispose();
        _train?.Dispose();
    }

    private static string? Reason(DataSettings data)
    {
        if (data.Dataset is DatasetKind.Synthetic or DatasetKind.Lesions)
        {
            return null;
        }
        string? path = data.Path ?? (data.Dataset == DatasetKind.FashionMnist ? FashionMnist.DefaultFolder : null);
        return data.Dataset == DatasetKind.Custom ? "data.dataset is 'custom'"
            : path is null ? "data.path is not set"
            : Path.Exists(path) ? null
            : $"{path} does not exist";
    }
}
