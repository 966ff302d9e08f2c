using RevUp.Backends.Cpu;
using RevUp.Layers;

namespace RevUp.Tests.Documents;

// example: tanh
/// <summary>z(x) = B ∗ tanh(A ∗ x) with 3×3 convolutions A and B; tanh is 1-Lipschitz.</summary>
internal sealed class TanhBranch : Branch
{
    private readonly Convolution _first;
    private readonly Convolution _second;

    public TanhBranch(BranchSite site)
        : base(site)
    {
        _first = AddConvolution("first", site.Input, site.Width, kernel: 3);
        _second = AddConvolution("second", site.Input.WithChannels(site.Width), site.Input.Channels, kernel: 3);
    }

    public override int Saved => 1;

    public override Tensor Forward(Tensor x, Span<Tensor> saved)
    {
        Tensor p = _first.Forward(x);
        Span<float> values = CpuBackend.Elements<float>(p);
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = MathF.Tanh(values[i]);
        }
        Tensor z = _second.Forward(p);
        if (saved.IsEmpty)
        {
            Memory.Free(p);
        }
        else
        {
            saved[0] = p;
        }
        return z;
    }

    public override Tensor Backward(Tensor x, ReadOnlySpan<Tensor> saved, Tensor gradient)
    {
        Tensor d = _second.Backward(saved[0], gradient);
        Span<float> slope = CpuBackend.Elements<float>(d), p = CpuBackend.Elements<float>(saved[0]);
        for (int i = 0; i < p.Length; i++)
        {
            slope[i] *= 1 - p[i] * p[i];
        }
        Tensor dx = _first.Backward(x, d);
        Memory.Free(d);
        return dx;
    }
}
// example: end
