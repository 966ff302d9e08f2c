using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace TorchSharpPeer;

/// <summary>
/// φ(x + a) + b with φ = ReLU and scalars a, b. Frees at once what autograd does not need, so that
/// the peer's peak is what it must keep.
/// </summary>
internal sealed class PeerPreactivation : Module<Tensor, Tensor>
{
    private readonly Parameter _before = Layout.Scalar(0);
    private readonly Parameter _after = Layout.Scalar(0);

    public PeerPreactivation()
        : base(nameof(PeerPreactivation)) => RegisterComponents();

    public override Tensor forward(Tensor x)
    {
        Tensor shifted = x + _before;
        Tensor active = Layout.Replace(shifted, functional.relu(shifted));
        return Layout.Replace(active, active + _after);
    }
}
