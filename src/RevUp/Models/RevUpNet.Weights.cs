using RevUp.Formats;
using RevUp.Layers;
using RevUp.Tensors;

namespace RevUp.Models;

/// <summary>The weights in files.</summary>
public sealed partial class RevUpNet
{
    /// <summary>Parameters and power-iteration state, by name.</summary>
    internal IReadOnlyList<(string Name, Tensor Tensor)> NamedTensors
    {
        get
        {
            ParameterStore store = (_owner ?? this).Parameters;
            return [.. store.Parameters.Select(p => (p.Name, p.Value)), .. store.State.Select(s => (s.Name, s.Value))];
        }
    }

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
    /// F64, F16 and BF16 become float32.
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
        using Driving driving = Drive();
        TensorFile.Read(Backend, path, NamedTensors, channelsFirst is { } first ? Order(first) : null);
        Coefficients?.Reload();
        Invalidate();
    }

    /// <summary>
    /// Writes a file of weights, whole or not at all, with texts among its metadata.
    /// </summary>
    internal void WriteWeights(string path, AxisOrder order, params ReadOnlySpan<(string Key, string Value)> metadata)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        using Driving driving = Drive();
        string temporary = path + ".incomplete";
        try
        {
            TensorFile.Write(Backend, temporary, NamedTensors, order, metadata);
            File.Move(temporary, path, overwrite: true);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }
    }

    private static AxisOrder Order(bool channelsFirst) =>
        channelsFirst ? AxisOrder.ChannelsFirst : AxisOrder.ChannelsLast;
}
