using RevUp.Formats;
using RevUp.Models;
using RevUp.Tensors;

namespace RevUp.Runs;

/// <summary>Weights that a run starts from (<see cref="ModelSettings.InitialFrom"/>).</summary>
/// <param name="Path">The file.</param>
/// <param name="Report">What was taken.</param>
internal sealed record InitialWeights(string Path, LoadReport Report)
{
    /// <summary>
    /// Fills a network. Its head stays as it was drawn where the file's is of other classes.
    /// </summary>
    /// <param name="net">The network.</param>
    /// <param name="path">A model file, a checkpoint or a run, or a file of PyTorch.</param>
    /// <param name="classes">Names of the network's classes.</param>
    /// <exception cref="ConfigurationException">Nothing is at the path.</exception>
    /// <exception cref="CheckpointException">
    /// The file is damaged, or of another network.
    /// </exception>
    public static InitialWeights Take(RevUpNet net, string path, IReadOnlyList<string> classes)
    {
        string file = FileOf(path, "model.initialFrom");
        ModelDescription? description = ModelDescription.Find(file);
        if (description is not null && description.Settings.Activation != net.Settings.Activation)
        {
            throw new CheckpointException(
                file,
                $"its network has the activation {description.Settings.Activation}, and model.activation is "
                + $"{net.Settings.Activation}; use the file's.");
        }
        bool keepsHead = description?.Classes.SequenceEqual(classes) ?? HasHead(file, classes.Count);
        IReadOnlySet<string> replaced = keepsHead ? new HashSet<string>() : RevUpNet.ClassTensors;
        return new InitialWeights(file, net.LoadWeights(
            file, new LoadOptions(), replaced, " For model.initialFrom, give the recipe the file's model."));
    }

    /// <summary>The file of weights of a model file, a checkpoint or a run.</summary>
    /// <exception cref="ConfigurationException">Nothing is at the path.</exception>
    public static string FileOf(string path, string setting)
    {
        ConfigurationException.Require(
            File.Exists(path) || Directory.Exists(path),
            $"{setting} is '{path}', and nothing is there; name a model file, a checkpoint or the folder of a run");
        return Checkpoint.FindModel(path);
    }

    private static bool HasHead(string file, int classes)
    {
        using SafetensorsReader reader = new(file);
        return RevUpNet.ClassTensors.All(name => reader.Find(name) is { Shape: [var count, ..] } && count == classes);
    }
}
