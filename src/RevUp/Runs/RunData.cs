using RevUp.Data;
using RevUp.Recipes;
using RevUp.Tensors;

namespace RevUp.Runs;

/// <summary>The parts of a run's data, with what training makes of them.</summary>
internal sealed class RunData : IDisposable
{
    private readonly DataSettings _settings;
    private readonly bool _isOwned;

    private RunData(DataSettings settings, ImageDataset train, ImageDataset test, bool isOwned) =>
        (_settings, Train, Test, _isOwned) = (settings, train, test, isOwned);

    /// <summary>Samples to train on.</summary>
    public ImageDataset Train { get; }

    /// <summary>Samples to evaluate on.</summary>
    public ImageDataset Test { get; }

    /// <summary>Statistics that every sample is normalised with, from the training set.</summary>
    public ChannelNormalization Normalization => field ??= Datasets.Normalization(_settings, Train);

    /// <summary>By what a checkpoint knows the training set again.</summary>
    public DataIdentity Identity => field ??= DataIdentity.Of(Train);

    /// <summary>Opens the parts that a recipe names; they are closed with the result.</summary>
    public static RunData Open(Recipe recipe)
    {
        ArgumentNullException.ThrowIfNull(recipe);
        ImageDataset train = Datasets.Open(recipe.Data, DatasetSplit.Train);
        try
        {
            return new RunData(recipe.Data, train, Datasets.Open(recipe.Data, DatasetSplit.Test), isOwned: true);
        }
        catch
        {
            train.Dispose();
            throw;
        }
    }

    /// <summary>Takes datasets of the caller, who disposes them.</summary>
    public static RunData Borrow(Recipe recipe, ImageDataset train, ImageDataset test)
    {
        ArgumentNullException.ThrowIfNull(recipe);
        ArgumentNullException.ThrowIfNull(train);
        ArgumentNullException.ThrowIfNull(test);
        return new RunData(recipe.Data, train, test, isOwned: false);
    }

    /// <summary>Each part has the samples and classes that the recipe states.</summary>
    /// <exception cref="ConfigurationException">One has not.</exception>
    public void RequireShapes()
    {
        Require(Train, "training");
        Require(Test, "test");

        void Require(ImageDataset data, string role)
        {
            (Shape stated, int classes) = (_settings.Sample, _settings.ClassCount);
            ConfigurationException.Require(
                data.Sample == stated && data.Classes.Count == classes,
                $"The {role} set has samples {data.Sample} in {data.Classes.Count} classes, and the recipe states {stated} in {classes}");
        }
    }

    public void Dispose()
    {
        if (_isOwned)
        {
            Train.Dispose();
            Test.Dispose();
        }
    }
}
