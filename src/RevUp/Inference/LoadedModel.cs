using RevUp.Backends;
using RevUp.Data;
using RevUp.Models;
using RevUp.Reversible;
using RevUp.Runs;
using RevUp.Tensors;

namespace RevUp.Inference;

/// <summary>
/// A network from a file, with the backend that it runs on and what it was trained with.
/// </summary>
internal sealed class LoadedModel : IDisposable
{
    private readonly Backend _backend;
    private readonly RevUpNet _net;

    /// <summary>
    /// Opens the backend and loads the network; when that fails the backend is closed again.
    /// </summary>
    /// <exception cref="Formats.CheckpointException">
    /// The file cannot be read, is damaged, or does not describe its network.
    /// </exception>
    public LoadedModel(string path, Func<Backend> open, Func<BranchSite, Branch>? branches)
    {
        ModelDescription description = ModelDescription.Read(path);
        _backend = open();
        try
        {
            _net = description.Load(_backend, path, branches);
            Normalization = new ChannelNormalization(description.Mean, description.Deviation);
            Classes = description.Classes;
        }
        catch
        {
            _net?.Dispose();
            _backend.Dispose();
            throw;
        }
    }

    /// <summary>Shape of one sample.</summary>
    public Shape Sample => _net.Sample;

    /// <summary>Names of the classes.</summary>
    public IReadOnlyList<string> Classes { get; }

    /// <summary>Of the training set.</summary>
    public ChannelNormalization Normalization { get; }

    /// <summary>Live bytes of the backend.</summary>
    public MemoryUse Memory => _backend.Memory.Use;

    /// <summary>Probabilities of samples.</summary>
    public float[] Predict(BatchPixels pixels) => _net.Predict(pixels);

    /// <summary>Writes the network with names and normalisation (<see cref="OnnxFile"/>).</summary>
    public void ExportOnnx(string path) => OnnxFile.Write(_net, path, Normalization, Classes);

    /// <inheritdoc/>
    public void Dispose()
    {
        _net.Dispose();
        _backend.Dispose();
    }
}
