using RevUp.Backends;
using RevUp.Data;
using RevUp.Formats;
using RevUp.Models;
using RevUp.Reversible;
using RevUp.Tensors;

namespace RevUp.Runs;

/// <summary>
/// A network from a file that <see cref="TrainingRun.SaveModel"/> wrote, to train on: with the same
/// head or a new one, whole or with frozen layers.
/// </summary>
/// <remarks>Owns the network. One thread at a time drives its backend.</remarks>
/// <example>
/// <code>
/// using SavedModel model = SavedModel.Open(
///     backend, "flowers.safetensors", classes: ["oak", "elm"], new() { Freeze = "body" });
/// using TrainingStep step = new(model.Network, new(), new MemoryPlan(), new InversionSettings());
/// step.Run(pixels, targets, learningRateFactor: 1);
/// model.Save("trees.safetensors");
/// </code>
/// </example>
public sealed class SavedModel : IDisposable
{
    private readonly ChannelNormalization _normalization;
    private readonly ModelDescription _description;

    private SavedModel(RevUpNet network, LoadReport report, IReadOnlyList<string> classes, ModelDescription description)
    {
        (Network, Report, Classes, _description) = (network, report, classes, description);
        _normalization = new ChannelNormalization(description.Mean, description.Deviation);
    }

    /// <summary>The network; disposed with this.</summary>
    public RevUpNet Network { get; }

    /// <summary>Tensors that were taken from the file.</summary>
    public LoadReport Report { get; }

    /// <summary>Names of the K classes, in the order of the logits.</summary>
    public IReadOnlyList<string> Classes { get; }

    /// <summary>
    /// Mean of each channel in the training set: a sample is normalised as (x − mean) / deviation.
    /// The unit of bytes is 255, of other numbers 1.
    /// </summary>
    public IReadOnlyList<double> Mean => _normalization.Mean;

    /// <summary>Standard deviation of each channel, in the same unit.</summary>
    public IReadOnlyList<double> Deviation => _normalization.Deviation;

    /// <summary>Builds the network that a file describes, and fills it.</summary>
    /// <param name="backend">The device. Its disposal closes the network.</param>
    /// <param name="path">A model file, a checkpoint, or the folder of a run.</param>
    /// <param name="classes">
    /// Names of other classes, for which the head is drawn; null to keep the file's.
    /// </param>
    /// <param name="trained">Layers to train; null for all at one rate.</param>
    /// <param name="seed">Of a new head.</param>
    /// <param name="options">What is taken of the file; null for everything.</param>
    /// <param name="branches">
    /// The factory that the network was trained with, where its branches are the program's own.
    /// </param>
    /// <exception cref="CheckpointException">
    /// There is no such file, it is damaged, or it does not describe its network.
    /// </exception>
    /// <exception cref="ConfigurationException">
    /// The network has no layers of a name in <paramref name="trained"/>.
    /// </exception>
    /// <exception cref="ArenaExhaustedException">No memory; nothing stays allocated.</exception>
    public static SavedModel Open(
        Backend backend, string path, IReadOnlyList<string>? classes = null, TrainedLayers? trained = null,
        ulong seed = 1, LoadOptions? options = null, Func<BranchSite, Branch>? branches = null)
    {
        ArgumentNullException.ThrowIfNull(backend);
        ArgumentException.ThrowIfNullOrEmpty(path);
        string file = Checkpoint.FindModel(path);
        ModelDescription description = ModelDescription.Read(file);
        IReadOnlyList<string> names = classes ?? description.Classes;
        using Driving driving = backend.Drive();
        RevUpNet net = new(
            backend, description.Settings, new Shape([.. description.Sample]), names.Count, seed, branches, trained);
        try
        {
            LoadReport report = net.LoadWeights(
                file, options ?? new LoadOptions(), classes is null ? new HashSet<string>() : RevUpNet.ClassTensors,
                WeightReader.Lenient);
            return new SavedModel(net, report, names, description);
        }
        catch
        {
            net.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Writes the network as it is now, with its classes and the file's rules for samples, for
    /// <see cref="Inference.Predictor"/> and <see cref="Open"/>.
    /// </summary>
    /// <param name="path">The file; one that is there is replaced.</param>
    /// <exception cref="IOException">
    /// The file cannot be written; one that was there before is unchanged.
    /// </exception>
    /// <exception cref="ObjectDisposedException">The model was disposed.</exception>
    public void Save(string path) => Checkpoint.SaveModel(
        Network, path, _normalization, Classes, _description.Cases, _description.Input);

    /// <summary>Frees the network. Harmless when repeated.</summary>
    public void Dispose() => Network.Dispose();
}
