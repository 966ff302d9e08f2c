using RevUp.Backends;
using RevUp.Tensors;

namespace RevUp.Layers;

/// <summary>
/// p = φ(x + b) with a trained b for every channel, "<c>name</c>": 1-Lipschitz. It stands for the
/// bias of the convolution before it, which the published i-ResNet has: a bias on the residual
/// stream passes on to every later φ, and each has its own here.
/// </summary>
internal sealed class BiasPreactivation(
    string name, Backend backend, ParameterStore store, int channels, Activation activation)
    : Preactivation(backend, channels, activation)
{
    private readonly Parameter _bias = store.Add(
        name, new Shape(channels), ParameterGroup.Weights, Initialization.Constant(0));

    /// <inheritdoc/>
    public override bool IsLocal => true;

    /// <inheritdoc/>
    public override void Forward(Tensor x, bool measure, Tensor p) =>
        Backend.ChannelAffineForward(Activation, x, default, _bias.Value, p);

    /// <inheritdoc/>
    public override void Backward(Tensor x, Tensor dp, Tensor scale, Tensor residual, Tensor dx) =>
        Backend.ChannelAffineBackward(
            Activation, x, default, _bias.Value, dp, scale, residual, dx, default, _bias.Gradient);

    /// <inheritdoc/>
    internal override string Export(OnnxGraph graph, int spatialRank, string x)
    {
        string bias = graph.PerChannel(_bias.Name, _bias.Value, spatialRank);
        return graph.Activation(
            Activation, _bias.Name, Channels, spatialRank, graph.Node("Add", _bias.Name, [x, bias]));
    }
}
