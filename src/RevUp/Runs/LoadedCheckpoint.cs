using RevUp.Data;
using RevUp.Layers;
using RevUp.Models;
using RevUp.Recipes;

namespace RevUp.Runs;

/// <summary>A trained network with what is needed to use it.</summary>
/// <param name="Recipe">What it was trained from.</param>
/// <param name="Network">The network; disposed with this.</param>
/// <param name="Normalization">Of the training set: inputs must be normalised alike.</param>
/// <param name="Step">Updates done.</param>
/// <param name="Folder">Where it was loaded from.</param>
internal sealed record LoadedCheckpoint(Recipe Recipe, RevUpNet Network, ChannelNormalization Normalization, long Step, string Folder) : IDisposable
{
    /// <summary>Frees the network.</summary>
    public void Dispose() => Network.Dispose();
}
