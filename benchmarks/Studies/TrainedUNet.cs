using RevUp.Backends;
using RevUp.Data;
using RevUp.Models;
using RevUp.Recipes;
using RevUp.Runs;

namespace RevUp.Benchmarks.Studies;

/// <summary>A U-Net that was trained, with the normalisation of its training set.</summary>
/// <param name="net">The network.</param>
/// <param name="normalization">Of the training set.</param>
/// <param name="owner">What ends with it.</param>
internal sealed class TrainedUNet(RevUpNet net, ChannelNormalization normalization, IDisposable owner) : IDisposable
{
    /// <summary>The network.</summary>
    public RevUpNet Net { get; } = net;

    /// <summary>Normalisation of the training set.</summary>
    public ChannelNormalization Normalization { get; } = normalization;

    /// <summary>The network of a finished run, or of a file.</summary>
    public static TrainedUNet Load(Backend backend, string path)
    {
        string file = Directory.Exists(path) ? Checkpoint.FindModel(path) : path;
        ModelDescription description = ModelDescription.Read(file);
        RevUpNet net = description.Load(backend, file);
        return new TrainedUNet(net, new ChannelNormalization(description.Mean, description.Deviation), net);
    }

    /// <summary>Trains a recipe's network for some steps, on its schedule for that many.</summary>
    public static TrainedUNet Train(Backend backend, Recipe recipe, int steps)
    {
        Report.Progress($"training {recipe.Name} ...");
        RecipeTrainer trainer = new(backend, recipe, recipe.Reversible.Policies.Policy);
        trainer.Train(steps, steps);
        return new TrainedUNet(trainer.Network, trainer.Normalization, trainer);
    }

    /// <summary>Frees the network.</summary>
    public void Dispose() => owner.Dispose();
}
