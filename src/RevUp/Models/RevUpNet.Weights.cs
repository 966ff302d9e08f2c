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
    /// Tensors whose shapes, or meanings, depend on the classes: the last linear map of the head.
    /// </summary>
    internal static IReadOnlySet<string> ClassTensors { get; } = new HashSet<string> { "head.weight", "head.bias" };

    /// <summary>Parameters and state that the network keeps, by name.</summary>
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
    /// (kD), kH, kW]. The file states it, and <see cref="LoadWeights(string, bool?)"/> takes
    /// either.
    /// </param>
    /// <exception cref="IOException">
    /// The file cannot be written; one that was there before is unchanged.
    /// </exception>
    /// <exception cref="ObjectDisposedException">The network was disposed.</exception>
    public void SaveWeights(string path, bool channelsFirst = false) => WriteWeights(path, Order(channelsFirst));

    /// <summary>
    /// Fills the network from what <see cref="SaveWeights"/> wrote, from a model file, or from a
    /// file of the same names that PyTorch wrote, as safetensors.torch.save_file does by default,
    /// with or without norms. F64, F16 and BF16 become float32. Where the file has no vectors of
    /// power iterations, as a model file has none, they are estimated again, and the norms are the
    /// file's.
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
    public void LoadWeights(string path, bool? channelsFirst = null) =>
        LoadWeights(path, new LoadOptions { ChannelsFirst = channelsFirst }, new HashSet<string>());

    /// <summary>
    /// The same with options: files that fit in part, or whose tensors have other names. A file
    /// without norms and singular vectors, such as one of parameters alone, is enough:
    /// power iteration estimates them until they converge.
    /// </summary>
    /// <param name="path">The file, as of <see cref="LoadWeights(string, bool?)"/>.</param>
    /// <param name="options">What is taken.</param>
    /// <returns>What was taken, and what was not.</returns>
    /// <exception cref="CheckpointException">
    /// As of <see cref="LoadWeights(string, bool?)"/>, and where two tensors are renamed to one
    /// name. The network then stays as it is, to the bit. Without
    /// <see cref="LoadOptions.Strict"/> another network's tensors are no error.
    /// </exception>
    /// <exception cref="ObjectDisposedException">The network was disposed.</exception>
    public LoadReport LoadWeights(string path, LoadOptions options) =>
        LoadWeights(path, options, new HashSet<string>(), WeightReader.Lenient);

    /// <summary>The same, but for some tensors, which stay.</summary>
    internal LoadReport LoadWeights(
        string path, LoadOptions options, IReadOnlySet<string> replaced, string hint = "")
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(options);
        return LoadWeights((WeightSource)path, options, replaced, hint);
    }

    /// <summary>The same from a file or its bytes.</summary>
    internal LoadReport LoadWeights(
        WeightSource file, LoadOptions options, IReadOnlySet<string> replaced, string hint = "")
    {
        using Driving driving = Drive();
        using WeightReader reader = new(file, options, hint);
        ParameterStore store = (_owner ?? this).Parameters;
        HashSet<string> optional = [.. store.State
            .Where(state => store.Trains ? !BatchNorm.IsRunning(state) : state.Random).Select(state => state.Name)];
        LoadReport report = reader.Read(Backend, NamedTensors, optional, replaced);
        List<string> estimated = [];
        if (store.Trains)
        {
            foreach (InvertibleBlock block in (_owner ?? this).Blocks)
            {
                EstimateNorms(block, reader, estimated);
            }
        }
        (_owner ?? this)._lacksNorms = false;
        Coefficients?.Reload();
        Invalidate();
        return report with { Estimated = estimated };
    }

    // σ of a file stays: the network's function depends on it. Vectors that it lacks are needed to
    // go on from there.
    private void EstimateNorms(InvertibleBlock block, WeightReader reader, List<string> estimated)
    {
        bool hasNorms = reader.Has(block.Name + BranchControl.NormSuffix);
        foreach ((SpectralNorm norm, Tensor sigma) in block.Branch.Norms)
        {
            if (!hasNorms || (norm.IsIterated && !reader.Has(norm.VectorName)))
            {
                double value = norm.Converge(Backend);
                if (!hasNorms)
                {
                    Backend.Upload<float>([(float)value], sigma);
                }
                estimated.Add(norm.Name);
            }
        }
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

    private static AxisOrder Order(bool channelsFirst) =>
        channelsFirst ? AxisOrder.ChannelsFirst : AxisOrder.ChannelsLast;
}
