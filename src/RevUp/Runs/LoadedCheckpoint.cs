using RevUp.Data;
using RevUp.Formats;
using RevUp.Layers;
using RevUp.Models;
using RevUp.Recipes;

namespace RevUp.Runs;

/// <summary>A trained network with what is needed to use it.</summary>
/// <param name="Recipe">Recipe that it was trained from.</param>
/// <param name="Network">The network; disposed with this.</param>
/// <param name="Normalization">Of the training set: inputs must be normalised alike.</param>
/// <param name="Step">Updates done.</param>
/// <param name="Folder">Where it was loaded from.</param>
internal sealed record LoadedCheckpoint(
    Recipe Recipe, RevUpNet Network, ChannelNormalization Normalization, long Step, string Folder) : IDisposable
{
    /// <summary>
    /// Names of the K classes, in the order of the logits; empty in a checkpoint of a version that
    /// did not write them.
    /// </summary>
    public IReadOnlyList<string> Classes { get; init; } = [];

    /// <summary>Opens a part of the data that the recipe names; the caller disposes it.</summary>
    /// <inheritdoc cref="Fit"/>
    /// <param name="split">
    /// The part; null for the part of the results, which is the test part, or the validation part
    /// if there is no test part.
    /// </param>
    /// <param name="note">Told when labels are mapped.</param>
    /// <exception cref="DataFileException">A file is missing or damaged.</exception>
    public ImageDataset OpenData(DatasetSplit? split, Action<string>? note = null)
    {
        ImageDataset data = Datasets.Open(Recipe.Data, split ?? Datasets.Judged(Recipe.Data));
        try
        {
            return Fit(data, note);
        }
        catch
        {
            data.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Data with the labels of the network: labels are mapped by the names of their classes where
    /// the order differs.
    /// </summary>
    /// <param name="data">Samples to evaluate on; disposed with the result.</param>
    /// <param name="note">Told when labels are mapped.</param>
    /// <exception cref="CheckpointException">
    /// The data has other classes than the network was trained on.
    /// </exception>
    public ImageDataset Fit(ImageDataset data, Action<string>? note = null)
    {
        if (Classes.Count == 0 || DataIdentity.Difference(Classes, data.Classes) is not { } difference)
        {
            return data;
        }
        if (!Classes.ToHashSet().SetEquals(data.Classes) || data.Classes.Distinct().Count() != Classes.Count)
        {
            throw new CheckpointException(
                Folder,
                $"it was trained on other classes than {Recipe.Data.Path ?? "the data"} has: {difference}. Give the "
                + "data of the training (data.path, --data), or rename the classes as they were then.");
        }
        note?.Invoke("The data has the classes in another order than the checkpoint; labels are mapped by name.");
        return new RelabeledDataset(data, Classes);
    }

    /// <summary>Frees the network.</summary>
    public void Dispose() => Network.Dispose();
}
