using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace TorchSharpPeer;

/// <summary>
/// y = x + s · W2 ∗ (φ(W1 ∗ (φ(x + a1) + b1) + a2) + b2): RevUp's basic block, differentiated by
/// autograd.
/// </summary>
internal sealed class PeerBlock : Module<Tensor, Tensor>
{
    private readonly PeerConvolution _first;
    private readonly PeerConvolution _second;
    private readonly Parameter _scale = Layout.Scalar(1);

    public PeerBlock(long width, int branches)
        : base(nameof(PeerBlock))
    {
        // Fixup: He's deviation times L^(-1/2), and a last convolution of zeros.
        _first = new PeerConvolution(width, width, Math.Sqrt(2.0 / (9 * width)) / Math.Sqrt(branches), stride: 1);
        _second = new PeerConvolution(width, width, 0, stride: 1);
        RegisterComponents();
    }

    public override Tensor forward(Tensor x)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor z = _first.forward(x);
        Tensor branch = Layout.Replace(z, _second.forward(z));
        return (x + _scale * branch).MoveToOuterDisposeScope();
    }
}
