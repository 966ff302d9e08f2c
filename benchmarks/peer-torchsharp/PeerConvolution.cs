using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace TorchSharpPeer;

/// <summary>
/// W ∗ (φ(x + a) + b): a pre-activation and a 3×3 convolution padded by 1, without bias.
/// </summary>
internal sealed class PeerConvolution : Module<Tensor, Tensor>
{
    private readonly PeerPreactivation _preactivation = new();
    private readonly Parameter _weight;
    private readonly long _stride;

    public PeerConvolution(long inputs, long outputs, double deviation, long stride)
        : base(nameof(PeerConvolution))
    {
        _weight = Layout.Convolution(inputs, outputs, deviation);
        _stride = stride;
        RegisterComponents();
    }

    public override Tensor forward(Tensor x)
    {
        Tensor p = _preactivation.forward(x);
        return Layout.Replace(p, Layout.Convolve(p, _weight, _stride));
    }
}
