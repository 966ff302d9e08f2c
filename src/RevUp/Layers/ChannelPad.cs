using RevUp.Backends;
using RevUp.Tensors;

namespace RevUp.Layers;

/// <summary>
/// Appends zero channels: [N, …, C] → [N, …, C']. Its inverse and its gradient drop them again.
/// Keeps nothing.
/// </summary>
internal sealed class ChannelPad : Layer
{
    /// <summary>
    /// Pads samples of shape <paramref name="input"/> to <paramref name="channels"/>.
    /// </summary>
    /// <exception cref="ConfigurationException">Fewer channels than there are.</exception>
    public ChannelPad(string name, Backend backend, Shape input, int channels)
        : base(name, backend, input)
    {
        RequireChannels(name, input, channels);
        Output = input.WithChannels(channels);
    }

    /// <inheritdoc/>
    public override Shape Output { get; }

    /// <inheritdoc/>
    public override bool IsInvertible => true;

    /// <inheritdoc/>
    public override bool OnlyMoves => true;

    /// <inheritdoc/>
    public override Tensor Forward(Tensor x, ForwardMode mode, ref SavedTensors saved)
    {
        Tensor y = Allocate(Output, x.Shape.Batch);
        Backend.ResizeChannels(x, y);
        Release(x, mode);
        return y;
    }

    /// <inheritdoc/>
    public override Tensor Backward(Tensor x, Tensor gradient, bool inputGradient, ref SavedTensors saved) =>
        Crop(gradient);

    /// <inheritdoc/>
    public override Tensor Inverse(Tensor y, ref SavedTensors saved, out Tensor point) => point = Crop(y);

    /// <inheritdoc/>
    internal override string Export(OnnxGraph graph, string x) => Export(graph, Name, Input, Output, x);

    /// <summary>Adds the zero channels of <paramref name="output"/> to a graph.</summary>
    internal static string Export(OnnxGraph graph, string name, Shape input, Shape output, string x)
    {
        // For every axis what goes before it, then for every axis what goes behind.
        long[] amounts = new long[2 * input.Rank];
        amounts[input.Rank + 1] = output.Channels - input.Channels;
        return graph.Node("Pad", name, [x, graph.Integers(name + ".pads", amounts)]);
    }

    /// <summary>Throws where zero channels would have to be fewer than none.</summary>
    internal static void RequireChannels(string name, Shape input, int channels) => ConfigurationException.Require(
        channels >= input.Channels,
        $"'{name}' cannot reduce {input.Channels} channels to {channels}; zero padding only adds channels");

    private Tensor Crop(Tensor y)
    {
        Tensor x = Allocate(Input, y.Shape.Batch);
        Backend.ResizeChannels(y, x);
        Memory.Free(y);
        return x;
    }
}
