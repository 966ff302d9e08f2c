using RevUp.Data;
using RevUp.Layers;
using RevUp.Models;
using RevUp.Tensors;

namespace RevUp.Runs;

/// <summary>The weights of <see cref="StemKind.Whitened"/>, which come from the data.</summary>
internal static class WhitenedStem
{
    /// <summary>Computes them from training samples and writes them into a network.</summary>
    /// <exception cref="DataFileException">None of the samples can be read.</exception>
    /// <exception cref="ConfigurationException">The samples are smaller than a patch.</exception>
    public static void Draw(
        RevUpNet net, ImageDataset train, ChannelNormalization normalization, Augmentation framing)
    {
        double[,] moments = PatchStatistics.Moments(train, normalization, framing, Whitening.Kernel);
        Parameter weight = net.Parameters.Parameters.Single(parameter => parameter.Name == "stem.weight");
        net.Backend.Upload<float>(Whitening.Filters(moments, weight.Value.Shape[0]), weight.Value);
    }
}
