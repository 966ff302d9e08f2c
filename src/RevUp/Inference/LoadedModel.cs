using RevUp.Backends;
using RevUp.Data;
using RevUp.Formats;
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
    private TiledInference? _tiles;

    /// <summary>
    /// Opens the backend and loads the network; when that fails the backend is closed again.
    /// </summary>
    /// <exception cref="CheckpointException">
    /// The file cannot be read, is damaged, does not describe its network, or describes one of
    /// another task.
    /// </exception>
    public LoadedModel(WeightSource file, bool segments, Func<Backend> open, Func<BranchSite, Branch>? branches)
    {
        ModelDescription description = ModelDescription.Read(file);
        Task = description.Settings.Task;
        if (segments != (Task == ModelTask.Segmentation))
        {
            throw new CheckpointException(file.Name, segments
                ? $"its network answers for whole samples (model.task '{ModelSettings.Name(Task)}'), and a segmenter "
                    + "takes one that segments; load it with Predictor.Load."
                : "its network segments, and a predictor takes one that answers for whole samples; load it with "
                    + "Segmenter.Load, or use 'revup segment'.");
        }
        _backend = open();
        try
        {
            _net = description.Load(_backend, file, branches);
            Normalization = new ChannelNormalization(description.Mean, description.Deviation);
            (Classes, Cases, Input) = (description.Classes, description.Cases, description.Input);
        }
        catch
        {
            _net?.Dispose();
            _backend.Dispose();
            throw;
        }
    }

    /// <summary>The network's task.</summary>
    public ModelTask Task { get; }

    /// <summary>Shape of one sample.</summary>
    public Shape Sample => _net.Sample;

    /// <summary>Names of the classes.</summary>
    public IReadOnlyList<string> Classes { get; }

    /// <summary>Rules for the files of cases; null where the model's file has none.</summary>
    public CaseRules? Cases { get; }

    /// <summary>Samples as they must be; null where the model's file does not state them.</summary>
    public ModelInput? Input { get; }

    /// <summary>Of the training set.</summary>
    public ChannelNormalization Normalization { get; }

    /// <summary>Live bytes of the backend.</summary>
    public MemoryUse Memory => _backend.Memory.Use;

    /// <summary>Probabilities of samples, or the numbers of a regression.</summary>
    public float[] Predict(BatchPixels pixels) => _net.Predict(pixels);

    /// <summary>Number of features of a sample: channels before the head.</summary>
    public int FeatureCount => _net.Layers[^1].Input.Channels;

    /// <summary>Inputs of the head's linear map, [N · C].</summary>
    public float[] Features(BatchPixels pixels) => _net.Features(pixels);

    /// <summary>The same answers, into memory of the caller.</summary>
    public void Predict(BatchPixels pixels, Span<float> answers) => _net.Predict(pixels, answers);

    /// <summary>Samples of bytes, normalised as the training set.</summary>
    public BatchPixels Bytes(ReadOnlySpan<byte> samples) => new(samples, default, Normalization);

    /// <summary>Labels of a volume that is not normalised (<see cref="PlaneInference"/>).</summary>
    /// <param name="volume">Its numbers, channels-last.</param>
    /// <param name="shape">[1, (D), H, W, C]; a network of images takes volumes too.</param>
    /// <param name="memory">Bytes that inference may take; the same in every call.</param>
    public ushort[] Segment(ReadOnlySpan<float> volume, Shape shape, long memory) => PlaneInference.Segment(
        _tiles ??= new TiledInference(_net, Normalization, memory), Sample, volume, shape, default, out _);

    /// <summary>Writes the network with names and normalisation (<see cref="OnnxFile"/>).</summary>
    public void ExportOnnx(string path) => OnnxFile.Write(_net, path, Normalization, Classes);

    public void Dispose()
    {
        _tiles?.Dispose();
        _net.Dispose();
        _backend.Dispose();
    }
}
