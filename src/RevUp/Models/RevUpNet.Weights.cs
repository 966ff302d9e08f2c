using RevUp.Backends;
using RevUp.Formats;
using RevUp.Layers;
using RevUp.Reversible;
using RevUp.Tensors;

namespace RevUp.Models;

/// <summary>The weights in files.</summary>
public sealed partial class RevUpNet
{
    /// <summary>
    /// A network for predictions: without gradients and without vectors of power iterations, it
    /// holds weights, norms and running statistics. It does not train, and its branches are not
    /// tried again. It keeps packed weights.
    /// </summary>
    /// <param name="backend">The device.</param>
    /// <param name="settings">The network.</param>
    /// <param name="sample">Shape of one sample.</param>
    /// <param name="classes">Number of classes.</param>
    /// <param name="branches">As in training.</param>
    internal static RevUpNet ForPredictions(
        Backend backend, ModelSettings settings, Shape sample, int classes, Func<BranchSite, Branch>? branches) =>
        // Every tensor is read from a file: the seed draws nothing that stays.
        new(backend, settings, sample, classes, seed: 1, branches, owner: null, trains: false)
        {
            KeepsPackedWeights = true,
        };

    /// <summary>
    /// Parameters and the state that the network keeps, by name.
    /// </summary>
    internal IReadOnlyList<(string Name, Tensor Tensor)> NamedTensors
    {
        get
        {
            ParameterStore store = (_owner ?? this).Parameters;
            return
            [
                .. store.Parameters.Select(p => (p.Name, p.Value)),
                .. store.State.Where(s => !s.Value.IsEmpty).Select(s => (s.Name, s.Value)),
            ];
        }
    }

    // Vectors of power iterations.
    private HashSet<string> VectorNames =>
        [.. (_owner ?? this).Parameters.State.Where(state => state.Random).Select(state => state.Name)];

    /// <summary>
    /// Writes parameters, power-iteration state and running statistics to one safetensors file,
    /// whole or not at all: for networks that a loop of your own trains, and for other programs.
    /// </summary>
    /// <param name="path">The file; one that is there is replaced.</param>
    /// <param name="channelsFirst">
    /// Whether tensors of rank 4 and 5 are written as PyTorch has them, weights [O, I / groups,
    /// (kD), kH, kW]. The file states it, and <see cref="LoadWeights"/> takes either.
    /// </param>
    /// <exception cref="IOException">
    /// The file cannot be written; one that was there before is unchanged.
    /// </exception>
    /// <exception cref="ObjectDisposedException">The network was disposed.</exception>
    public void SaveWeights(string path, bool channelsFirst = false) => WriteWeights(path, Order(channelsFirst));

    /// <summary>
    /// Fills the network from what <see cref="SaveWeights"/> wrote, from a model file, or from a
    /// file of the same names that PyTorch wrote, as safetensors.torch.save_file does by default.
    /// F64, F16 and BF16 become float32. Where the file has no vectors of power iterations, as a
    /// model file has none, they are estimated again, and the norms are the file's.
    /// </summary>
    /// <param name="path">
    /// The file; its weights are held in memory once more while it is read.
    /// </param>
    /// <param name="channelsFirst">
    /// Whether the file has PyTorch's order of axes, for a file that does not state it and whose
    /// shapes fit both orders.
    /// </param>
    /// <exception cref="CheckpointException">
    /// The file cannot be read, is damaged, is of another network, or holds a number that is not
    /// finite. The network then stays as it is, to the bit.
    /// </exception>
    /// <exception cref="ObjectDisposedException">The network was disposed.</exception>
    public void LoadWeights(string path, bool? channelsFirst = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ReadWeights(path, channelsFirst);
    }

    /// <inheritdoc cref="LoadWeights(string, bool?)"/>
    internal void ReadWeights(WeightSource file, bool? channelsFirst = null)
    {
        using Driving driving = Drive();
        AxisOrder? order = channelsFirst is { } first ? Order(first) : null;
        if (!TensorFile.Read(Backend, file, NamedTensors, order, VectorNames))
        {
            EstimateVectors();
        }
        Coefficients?.Reload();
        Invalidate();
    }

    /// <summary>
    /// Writes a file of weights, whole or not at all, with texts among its metadata.
    /// </summary>
    internal void WriteWeights(
        string path, AxisOrder order, bool withVectors = true,
        params ReadOnlySpan<(string Key, string Value)> metadata)
    {
        HashSet<string> left = withVectors ? [] : VectorNames;
        ArgumentException.ThrowIfNullOrEmpty(path);
        using Driving driving = Drive();
        string temporary = path + ".incomplete";
        try
        {
            TensorFile.Write(
                Backend, temporary, [.. NamedTensors.Where(tensor => !left.Contains(tensor.Name))], order, metadata);
            File.Move(temporary, path, overwrite: true);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }
    }

    // The vectors follow the weights. The norms stay: the function of the network depends on them.
    private void EstimateVectors()
    {
        Tensor[] norms = [.. Parameters.State.Where(state => !state.Random).Select(state => state.Value)];
        float[][] kept = [.. norms.Select(norm => new float[norm.Count])];
        for (int i = 0; i < norms.Length; i++)
        {
            Backend.Download<float>(norms[i], kept[i]);
        }
        EstimateNorms();
        for (int i = 0; i < norms.Length; i++)
        {
            Backend.Upload<float>(kept[i], norms[i]);
        }
    }

    private static AxisOrder Order(bool channelsFirst) =>
        channelsFirst ? AxisOrder.ChannelsFirst : AxisOrder.ChannelsLast;
}
