using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace TorchSharpPeer;

/// <summary>
/// y = x + s · W2 ∗ p2(W1 ∗ p1(x)) on volumes, p as <see cref="VolumeConvolution"/> has it.
/// </summary>
internal sealed class VolumeBlock : Module<Tensor, Tensor>
{
    private readonly VolumeConvolution _first;
    private readonly VolumeConvolution _second;
    private readonly Parameter _scale = Layout.Scalar(1);

    public VolumeBlock(long width, bool isNormalized)
        : base(nameof(VolumeBlock))
    {
        _first = new VolumeConvolution(width, width, kernel: 3, stride: 1, isNormalized);
        _second = new VolumeConvolution(width, width, kernel: 3, stride: 1, isNormalized);
        RegisterComponents();
    }

    public override Tensor forward(Tensor x)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor z = _first.forward(x);
        Tensor branch = Layout.Replace(z, _second.forward(z));
        Tensor scaled = Layout.Replace(branch, _scale * branch);
        // In place: autograd needs neither term of a sum.
        scaled.add_(x);
        return scaled.MoveToOuterDisposeScope();
    }
}
