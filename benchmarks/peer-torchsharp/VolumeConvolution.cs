using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace TorchSharpPeer;

/// <summary>
/// W ∗ p(x) on volumes, padded to keep the extents. p(x) = ELU(x + a) + b with scalars a, b, or ELU
/// of x with instance normalisation.
/// </summary>
internal sealed class VolumeConvolution : Module<Tensor, Tensor>
{
    private readonly InstanceNorm3d? _norm;
    private readonly Parameter? _before;
    private readonly Parameter? _after;
    private readonly Conv3d _convolution;

    public VolumeConvolution(
        long inputs, long outputs, long kernel, long stride, bool isNormalized, bool hasBias = false)
        : base(nameof(VolumeConvolution))
    {
        if (isNormalized)
        {
            _norm = InstanceNorm3d(inputs, affine: true);
        }
        else
        {
            (_before, _after) = (Layout.Scalar(0), Layout.Scalar(0));
        }
        _convolution = Conv3d(inputs, outputs, kernel, stride, padding: kernel / 2, bias: hasBias);
        RegisterComponents();
    }

    public override Tensor forward(Tensor x)
    {
        using DisposeScope scope = NewDisposeScope();
        // In place: autograd needs ELU's result alone, and neither term of a sum.
        Tensor p = _norm is null ? x + _before! : _norm.forward(x);
        p.elu_();
        if (_after is not null)
        {
            p = Layout.Replace(p, p + _after);
        }
        return _convolution.forward(p).MoveToOuterDisposeScope();
    }
}
